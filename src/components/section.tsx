import { useId, type ReactNode } from 'react';

/** A part of the panel with a heading; `aside` stands at its end. */
export function Section(props: {
  title: string;
  hint?: string;
  aside?: ReactNode;
  children: ReactNode;
}): JSX.Element {
  const id = useId();
  return (
    <section aria-labelledby={id} className="jp-parflow-Section">
      <div className="jp-parflow-Row jp-parflow-Section-head">
        <h3 id={id}>{props.title}</h3>
        {props.aside}
      </div>
      {props.hint && <p className="jp-parflow-hint">{props.hint}</p>}
      {props.children}
    </section>
  );
}
