// What does the workspace's server answer? The calls of panel and notebook, typed, and errors as sentences.

import { ServerConnection } from '@jupyterlab/services';

export interface IFinding {
  readonly outcome: 'review' | 'fail';
  readonly summary: string;
  readonly where: string;
  readonly remedy: string;
}

export type Preview =
  | { readonly form: 'text'; readonly text: string; readonly more: boolean }
  | { readonly form: 'image'; readonly image: string }
  | {
      readonly form: 'table';
      readonly header: readonly (readonly string[])[];
      readonly body: readonly (readonly string[])[];
      readonly labels: number;
      readonly rows: number;
      readonly columns: number;
      readonly more: boolean;
    };

export interface IOutput {
  readonly identity: string;
  readonly kind: string;
  readonly title: string;
  readonly preview: Preview;
  readonly findings: readonly IFinding[];
}

export interface IDropped {
  readonly identity: string;
  readonly what: string;
  readonly why: string;
}

export interface IReview {
  readonly path: string;
  readonly sha256: string;
  readonly outputs: readonly IOutput[];
  readonly source: IOutput | null;
  readonly findings: readonly IFinding[];
  readonly dropped: readonly IDropped[];
}

export interface IRequest {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly submitted_at: string;
  readonly url: string;
  readonly round: number;
}

export interface ISubmission {
  readonly path: string;
  readonly sha256: string;
  readonly outputs: readonly string[];
  readonly context: string;
  readonly controls: string;
  /** A request that was sent back, of which this is the next round. */
  readonly replaces?: string;
}

export interface IReceipt {
  readonly id: string;
  readonly status: string;
  readonly url: string;
}

export interface IShare {
  readonly used: number;
  readonly limit: number | null;
}

export interface IReached {
  readonly number: number;
  readonly kernel: string;
  readonly limit: string;
  readonly sentence: string;
  readonly at: string;
}

export interface IUsage {
  readonly memory: IShare;
  readonly disk: IShare & { readonly held: boolean };
  readonly processes: number;
  readonly cpus: number | null;
  readonly cell_seconds: number | null;
  /** Which version of the environment is installed here; empty where nobody says so. */
  readonly environment: string;
  readonly reached: readonly IReached[];
  /** What a person must know now; absent where nothing watches the clock. */
  readonly notices?: readonly INotice[];
}

export interface INotice {
  readonly id: string;
  readonly level: 'info' | 'warning' | 'error';
  readonly text: string;
}

/** What is said under an output; `waiting` will have changed when it is asked for again. */
export interface ILine {
  readonly tone: 'safe' | 'review' | 'fail' | 'waiting' | 'sent';
  readonly text: string;
}

/** A refusal: a stable code, a sentence with the next step, and every reason there is. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly reasons: readonly string[] = []
  ) {
    super(message);
  }
}

export class ReviewApi {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  outputs(path: string): Promise<IReview> {
    return this.call(`rpp/outputs?path=${encodeURIComponent(path)}`, {});
  }

  async requests(): Promise<readonly IRequest[]> {
    const answer = await this.call<{ requests?: IRequest[] }>('rpp/requests', {});
    return answer.requests ?? [];
  }

  usage(): Promise<IUsage> {
    return this.call('rpp/usage', {});
  }

  /** For each piece of evidence its line, or null. */
  async lines(evidence: readonly unknown[]): Promise<readonly (ILine | null)[]> {
    const answer = await this.call<{ lines: (ILine | null)[] }>('rpp/lines', { method: 'POST', body: JSON.stringify({ evidence }) });
    return answer.lines;
  }

  submit(submission: ISubmission): Promise<IReceipt> {
    return this.call('rpp/requests', { method: 'POST', body: JSON.stringify(submission) });
  }

  private async call<T>(address: string, init: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(this.settings.baseUrl + address, init, this.settings);
    } catch {
      throw new Refusal(
        'offline',
        'The workspace does not answer. Check your connection; if the workspace was closed, open it again from the portal.'
      );
    }
    const answer: unknown = await response.json().catch(() => null);
    if (!response.ok) {
      throw refusal(response.status, answer);
    }
    return answer as T;
  }
}

function refusal(status: number, answer: unknown): Refusal {
  const error = (answer as { error?: { code?: unknown; message?: unknown; refusals?: unknown } } | null)?.error;
  if (typeof error?.message !== 'string') {
    return new Refusal('server', `The workspace's server could not answer (${status}). Try again; if it stays, tell the operator.`);
  }
  const listed = Array.isArray(error.refusals) ? error.refusals : [];
  const reasons = listed.map(reason => String((reason as { reason?: unknown }).reason ?? '')).filter(Boolean);
  return new Refusal(String(error.code), error.message, reasons);
}
