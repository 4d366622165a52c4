/** The names of the server's events: addresses of their schemas. */
const SCHEMAS = 'https://parflow-jupyter.github.io/events/';

export const CLUSTER_CHANGED = `${SCHEMAS}cluster_changed/v1`;
export const OPERATION_CHANGED = `${SCHEMAS}operation_changed/v1`;
export const RUN_CHANGED = `${SCHEMAS}run_changed/v1`;
