// The panel's mark: a page with a tick, in the colours of the theme.

import { LabIcon } from '@jupyterlab/ui-components';

const PAGE_WITH_TICK = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M14 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V8l-6-6zm4 18H6V4h7v5h5v11z"/>
    <path d="M10.9 18.2l-3.1-3.1 1.4-1.4 1.7 1.7 4-4 1.4 1.4z"/>
  </g>
</svg>`;

export const reviewIcon = new LabIcon({ name: 'rpp:review', svgstr: PAGE_WITH_TICK });
