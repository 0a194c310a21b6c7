// Where does the panel appear? In the right side bar, the command palette, the File menu and above each notebook.

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ReviewApi } from './api';
import { reviewIcon } from './icon';
import { ReviewModel } from './model';
import { ReviewPanel } from './panel';

const COMMAND = 'rpp:review-outputs';
const PANEL = 'rpp-review-panel';

const plugin: JupyterFrontEndPlugin<void> = {
  id: '@rpp/lab:plugin',
  description: 'Choose outputs of a notebook and ask for their release.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const model = new ReviewModel(tracker, new ReviewApi(app.serviceManager.serverSettings));
    const panel = new ReviewPanel(model);
    panel.id = PANEL;
    app.shell.add(panel, 'right', { rank: 400 });
    restorer?.add(panel, PANEL);
    app.commands.addCommand(COMMAND, {
      label: 'Review Outputs…',
      caption: 'Choose outputs of this notebook and ask for their release',
      icon: reviewIcon,
      execute: () => app.shell.activateById(PANEL),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    palette?.addItem({ command: COMMAND, category: 'Output Review' });
  }
};

export default plugin;
