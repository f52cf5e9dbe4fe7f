import type { DocumentKind } from '../../domain/documents/document';
import type { StageKind } from '../../domain/routes/route';
import type { Instant } from '../../services/texts/types';
import type { FileView } from '../kit/parts/file';
import type { RouteView } from '../kit/parts/route';

/** GET /invitations/:token; POST <base>/approve | refuse; GET <base>/sign. */
export interface InvitationPage {
  base: string;
  state: 'open' | 'expired' | 'revoked' | 'answered' | 'closed';
  action: StageKind;
  invitee: { name: string; email: string };
  sender: { name: string; organisation: string; email: string | null };
  message: string | null;
  expiresAt: Instant;
  answer: { kind: 'signed' | 'approved' | 'refused'; at: Instant; remark: string | null } | null;
  /** Not given for `expired` and `revoked`: the link no longer opens the document. */
  document: { title: string; number: string | null; kind: DocumentKind; file: FileView; route: RouteView } | null;
}

declare module '../kit/views' {
  interface Pages {
    'pages/invitations/show': InvitationPage;
  }
}
