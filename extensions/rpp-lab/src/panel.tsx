// How does the panel look? A widget of the side bar which draws the model.

import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import React from 'react';
import { reviewIcon } from './icon';
import { ReviewModel } from './model';
import { Review } from './review';

export class ReviewPanel extends ReactWidget {
  constructor(private readonly model: ReviewModel) {
    super();
    this.addClass('rpp-Panel');
    this.title.icon = reviewIcon;
    this.title.caption = 'Output review: ask for outputs to be released';
    this.node.dataset.testid = 'rpp-panel';
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Output review');
    this.node.tabIndex = -1;
  }

  protected override render(): React.ReactElement {
    return <UseSignal signal={this.model.stateChanged}>{() => <Review model={this.model} />}</UseSignal>;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.model.setVisible(true);
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.model.setVisible(false);
  }

  protected override onActivateRequest(): void {
    this.node.focus();
  }
}
