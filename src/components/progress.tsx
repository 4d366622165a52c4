export function Progress(props: {
  label: string;
  done: number;
  total: number | null;
}): JSX.Element {
  const { label, done, total } = props;
  const width = total ? `${Math.min(100, (100 * done) / total)}%` : undefined;
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={total ?? undefined}
      aria-valuenow={total === null ? undefined : done}
      className="jp-parflow-Progress"
    >
      <div
        className={total === null ? 'jp-parflow-mod-unsized' : undefined}
        style={{ width }}
      />
    </div>
  );
}
