// What became of what was asked for in this project?

import React from 'react';
import { IRequest, Refusal } from './api';
import { stateName, when } from './words';

interface IRequestsProps {
  requests: readonly IRequest[] | null;
  refusal: Refusal | null;
  onRefresh: () => void;
}

export function Requests({ requests, refusal, onRefresh }: IRequestsProps): React.ReactElement {
  return (
    <section className="rpp-Requests" data-testid="rpp-requests" aria-labelledby="rpp-requests-title">
      <div className="rpp-Notebook">
        <h3 id="rpp-requests-title">Requests of this project</h3>
        <button type="button" className="jp-mod-styled rpp-Small" onClick={onRefresh}>
          Refresh
        </button>
      </div>
      {refusal !== null && <p className="rpp-Note">The list may be old. {refusal.message}</p>}
      {requests?.length === 0 && <p className="rpp-Hint">None yet. What you send appears here and in the portal.</p>}
      {requests !== null && requests.length > 0 && (
        <ul>
          {requests.map(request => (
            <Request key={request.id} request={request} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Request({ request }: { request: IRequest }): React.ReactElement {
  return (
    <li data-testid={`rpp-request-${request.id}`} data-status={request.status}>
      <div className="rpp-RequestName">
        {FRAMED ? (
          <strong title="Shown in the portal: Requests, in the bar above the workspace">{request.id}</strong>
        ) : (
          <a href={portalAddress(request.url)} title="Opens the portal in this tab; your notebooks stay open in the workspace">
            {request.id}
          </a>
        )}{' '}
        <span>{request.name}</span>
        {request.round > 1 && <span className="rpp-Where"> round {request.round}</span>}
      </div>
      <div className="rpp-RequestState">
        <span className={`rpp-State rpp-mod-${request.status}`}>{stateName(request.status)}</span>
        <span className="rpp-Where">{when(request.submitted_at)}</span>
      </div>
    </li>
  );
}

/** In the portal's frame a link leads nowhere, and so none is shown. */
const FRAMED = window.self !== window.top;

/** Only an address of this very host: the list came through a socket, but a link is a link. */
function portalAddress(url: string): string {
  return url.startsWith('/services/') ? url : '/services/rpp/';
}
