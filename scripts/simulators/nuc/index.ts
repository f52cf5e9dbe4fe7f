export { CRL_BEHAVIOURS, OCSP_BEHAVIOURS, TSP_BEHAVIOURS, type Behaviour } from './behaviour';
export { listUrls, openNucKeys, urlsOf, type NucFile, type NucKeys } from './keys';
export { startNuc, type Nuc, type NucOptions } from './server';
