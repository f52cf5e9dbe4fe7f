export { makeTimeStampRequest, parseTimeStampRequest, type TimeStampRequest, type TimeStampRequestOrder } from './request';
export {
  PKI_FAILURES,
  PKI_STATUSES,
  TIME_STAMP_REFUSALS,
  readTimeStampResponse,
  type PkiFailure,
  type PkiStatus,
  type TimeStampRefusal,
  type TimeStampResult,
} from './response';
