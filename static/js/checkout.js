/* Opens the payment provider's window: [data-checkout] names the transaction and where to
   go when it is paid. The provider's own script was loaded before this one. */

const place = document.querySelector("[data-checkout]");
const words = place?.querySelector("[data-checkout-words]");

function say(text) {
  if (words) {
    words.textContent = text;
  }
}

function open() {
  const { transaction, success } = place.dataset;
  window.Paddle.Checkout.open({
    transactionId: transaction,
    settings: { allowLogout: false, displayMode: "overlay", successUrl: success },
  });
}

function hear(event) {
  if (event.name === "checkout.closed") {
    say("Nothing was paid. You can open the checkout again, or change your selection.");
  } else if (event.name === "checkout.completed") {
    say("Paid. Taking you back.");
  }
}

if (place && window.Paddle) {
  if (place.dataset.sandbox === "true") {
    window.Paddle.Environment.set("sandbox");
  }
  window.Paddle.Initialize({ token: place.dataset.token, eventCallback: hear });
  place.querySelector("[data-checkout-open]").addEventListener("click", open);
  open();
} else if (place) {
  say("The payment provider’s script did not load. Allow it in your browser, then load the page again.");
}
