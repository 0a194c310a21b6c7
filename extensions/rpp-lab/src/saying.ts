// How is a person told something that is longer than a notification shows? What happened in it, the rest in a dialog.

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';

export type Level = 'info' | 'warning' | 'error';

/** Stays until it is closed; the answer is its id. */
export function say(text: string, level: Level, title: string): string {
  const [what] = text.split(/(?<=\.) /);
  const callback = () => void showDialog({ title, body: text, buttons: [Dialog.okButton()] });
  const actions = what === text ? [] : [{ label: 'What to do', callback }];
  return Notification.emit(what ?? text, level, { autoClose: false, actions });
}
