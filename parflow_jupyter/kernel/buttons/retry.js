/** The button below a result with failures: one press runs them again, the next stops that. */
function render({ model, el }) {
  el.classList.add('parflow-retry');
  const button = document.createElement('button');
  button.type = 'button';
  const message = document.createElement('span');
  message.setAttribute('role', 'status');
  el.replaceChildren(button, message);

  const update = () => {
    button.textContent = model.get('label');
    button.hidden = !model.get('label');
    message.textContent = model.get('message');
  };
  button.addEventListener('click', () => model.send({ type: 'press' }));
  model.on('change', update);
  update();
  return () => model.off('change', update);
}

export default { render };
