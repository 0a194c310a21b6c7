// Which outputs does the notebook have, what would a reviewer see of each, and what do the checks hint at?

import React from 'react';
import { IDropped, IFinding, IOutput, IReview, Preview } from './api';
import { counted, kindName } from './words';

interface IOutputsProps {
  review: IReview;
  chosen: ReadonlySet<string>;
  isDisabled: boolean;
  onToggle: (identity: string, isChosen: boolean) => void;
  onChoose: (identities: readonly string[]) => void;
}

export function Outputs({ review, chosen, isDisabled, onToggle, onChoose }: IOutputsProps): React.ReactElement {
  if (review.outputs.length === 0) {
    return (
      <div className="rpp-Empty" data-testid="rpp-empty">
        <p>
          <strong>This notebook has no outputs that could be released.</strong>
        </p>
        <p>Run its cells, then press Refresh. Tables, printed text and PNG figures can be released.</p>
        <LeftOut dropped={review.dropped} />
      </div>
    );
  }
  const all = review.outputs.map(output => output.identity);
  const isAll = all.every(identity => chosen.has(identity));
  return (
    <fieldset className="rpp-Outputs" disabled={isDisabled} aria-labelledby="rpp-chosen">
      <div className="rpp-Chosen">
        <span id="rpp-chosen">
          {chosen.size} of {counted(all.length, 'output')} chosen
        </span>
        {all.length > 1 && (
          <button type="button" className="rpp-Link" onClick={() => onChoose(isAll ? [] : all)}>
            {isAll ? 'Choose none' : 'Choose all'}
          </button>
        )}
      </div>
      <ul>
        {review.outputs.map(output => (
          <Output
            key={output.identity}
            output={output}
            isChosen={chosen.has(output.identity)}
            onToggle={isChosen => onToggle(output.identity, isChosen)}
          />
        ))}
      </ul>
      <AlwaysSent source={review.source} findings={review.findings} />
      <LeftOut dropped={review.dropped} />
    </fieldset>
  );
}

interface IOutputProps {
  output: IOutput;
  isChosen: boolean;
  onToggle: (isChosen: boolean) => void;
}

function Output({ output, isChosen, onToggle }: IOutputProps): React.ReactElement {
  const id = `rpp-choose-${output.identity}`;
  return (
    <li className={`rpp-Output${isChosen ? ' rpp-mod-chosen' : ''}`} data-testid={`rpp-output-${output.identity}`}>
      <div className="rpp-Choice">
        <input
          type="checkbox"
          id={id}
          checked={isChosen}
          aria-describedby={`${id}-findings`}
          onChange={event => onToggle(event.target.checked)}
        />
        <label htmlFor={id}>{output.title}</label>
        <span className="rpp-Kind">{kindName(output.kind)}</span>
      </div>
      <Look preview={output.preview} title={output.title} />
      <div id={`${id}-findings`}>
        <Findings findings={output.findings} />
      </div>
    </li>
  );
}

function Look({ preview, title }: { preview: Preview; title: string }): React.ReactElement {
  if (preview.form === 'image') {
    return <img className="rpp-Look" src={preview.image} alt={title} />;
  }
  if (preview.form === 'table') {
    return <TableLook preview={preview} title={title} />;
  }
  return (
    <div className="rpp-Look" tabIndex={0} role="group" aria-label={`Preview of ${title}`}>
      <pre className={preview.text.includes('\n') ? '' : 'rpp-mod-line'}>{preview.text}</pre>
      {preview.more && <p className="rpp-More">… and more</p>}
    </div>
  );
}

function TableLook({ preview, title }: { preview: Extract<Preview, { form: 'table' }>; title: string }): React.ReactElement {
  return (
    <div className="rpp-Look" tabIndex={0} role="group" aria-label={`Preview of ${title}`}>
      <table>
        <thead>
          {preview.header.map((row, index) => (
            <tr key={index}>
              {row.map((value, column) => (
                <th key={column} scope="col">
                  {value}
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {preview.body.map((row, index) => (
            <tr key={index}>
              {row.map((value, column) =>
                column < preview.labels ? (
                  <th key={column} scope="row">
                    {value}
                  </th>
                ) : (
                  <td key={column}>{value}</td>
                )
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {preview.more && (
        <p className="rpp-More">
          {counted(preview.rows, 'row')}, {counted(preview.columns, 'column')} in all
        </p>
      )}
    </div>
  );
}

function Findings({ findings }: { findings: readonly IFinding[] }): React.ReactElement | null {
  if (findings.length === 0) {
    return null;
  }
  return (
    <ul className="rpp-Findings" aria-label="Hints">
      {findings.map((finding, index) => (
        <li key={index} className={`rpp-mod-${finding.outcome}`}>
          <strong>{finding.outcome === 'fail' ? 'Would not pass: ' : 'Reviewers will look: '}</strong>
          {finding.summary} {finding.where !== '' && <span className="rpp-Where">({finding.where})</span>}
          {finding.remedy !== '' && <div className="rpp-Remedy">{finding.remedy}</div>}
        </li>
      ))}
    </ul>
  );
}

function AlwaysSent({ source, findings }: { source: IOutput | null; findings: readonly IFinding[] }): React.ReactElement | null {
  return source === null ? null : (
    <div className="rpp-Also" data-testid="rpp-output-source">
      <p>
        The notebook’s code ({source.preview.form === 'text' ? source.preview.text : ''}) always goes along, so that the reviewers can run
        it again.
      </p>
      <Findings findings={[...source.findings, ...findings]} />
    </div>
  );
}

function LeftOut({ dropped }: { dropped: readonly IDropped[] }): React.ReactElement | null {
  return dropped.length === 0 ? null : (
    <details className="rpp-LeftOut" data-testid="rpp-dropped">
      <summary>{counted(dropped.length, 'thing')} will be left out</summary>
      <ul>
        {dropped.map((left, index) => (
          <li key={index}>
            {left.what} <span className="rpp-Where">({left.identity === 'notebook' ? 'the notebook itself' : `cell ${left.identity}`})</span>:{' '}
            {left.why}.
          </li>
        ))}
      </ul>
    </details>
  );
}
