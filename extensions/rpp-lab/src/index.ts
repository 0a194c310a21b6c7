// Where does the panel appear? In the right side bar and the command palette. What the workspace uses: in the status bar.
// What is behind an output: in a line under it.

import { IConnectionLost, ILabShell, ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ReviewApi } from './api';
import { Closed } from './closed';
import { hideCommands } from './hidden';
import { reviewIcon } from './icon';
import { QuietLines } from './lines';
import { ReviewModel } from './model';
import { Notices } from './notices';
import { ReviewPanel } from './panel';
import { UsageItem } from './usage';
import { Watch } from './watch';

const COMMAND = 'rpp:review-outputs';
const PANEL = 'rpp-review-panel';
const NARROW = 640;

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
    // A button in an output could run any command of the interface; nothing of JupyterLab's own needs that.
    app.commandLinker.dispose();
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

const usage: JupyterFrontEndPlugin<void> = {
  id: '@rpp/lab:usage',
  description: 'Says in time that the workspace closes, slows down or is paused; and in the status bar what it uses of what it may.',
  autoStart: true,
  optional: [IStatusBar],
  activate: (app: JupyterFrontEnd, bar: IStatusBar | null) => {
    const watch = new Watch(new ReviewApi(app.serviceManager.serverSettings));
    new Notices(watch);
    bar?.registerStatusItem('@rpp/lab:usage', { item: new UsageItem(watch), align: 'left', rank: 100 });
  }
};

const lines: JupyterFrontEndPlugin<void> = {
  id: '@rpp/lab:lines',
  description: 'Under each output, in one line: safe, or what a reviewer will say.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker) => {
    new QuietLines(tracker, new ReviewApi(app.serviceManager.serverSettings));
  }
};

const hidden: JupyterFrontEndPlugin<void> = {
  id: '@rpp/lab:hidden',
  description: 'Takes what a workspace refuses out of menus and palette.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => hideCommands(app.commands)
};

const narrow: JupyterFrontEndPlugin<void> = {
  id: '@rpp/lab:narrow',
  description: 'On a narrow screen the files are put away, so that a notebook has room; their tab brings them back.',
  autoStart: true,
  requires: [ILabShell],
  activate: (app: JupyterFrontEnd, shell: ILabShell) => {
    void shell.restored.then(() => {
      if (window.innerWidth < NARROW) {
        shell.collapseLeft();
      }
    });
  }
};

const closed: JupyterFrontEndPlugin<IConnectionLost> = {
  id: '@rpp/lab:closed',
  description: 'Says that a workspace was closed, in the place of the hub\'s offer to start a server.',
  autoStart: true,
  provides: IConnectionLost,
  activate: (app: JupyterFrontEnd) => {
    const told = new Closed(app);
    return () => told.say();
  }
};

export default [plugin, usage, lines, hidden, narrow, closed];
