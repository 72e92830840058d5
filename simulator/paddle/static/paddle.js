/* A stand-in for Paddle's script: the few calls that a checkout page makes. It opens the
   pretend Paddle's window in a frame and passes on what happens there. */
(() => {
  const origin = new URL(document.currentScript.src).origin;
  let hear = () => {};
  let after = "";
  let frame = null;

  function close(name) {
    frame?.remove();
    frame = null;
    hear({ name });
  }

  addEventListener("message", (event) => {
    if (event.origin !== origin || event.source !== frame?.contentWindow) {
      return;
    }
    if (event.data === "completed") {
      close("checkout.completed");
      if (after) {
        location.assign(after);
      }
    } else if (event.data === "closed") {
      close("checkout.closed");
    }
  });

  window.Paddle = {
    Environment: { set() {} },
    Initialize(options) {
      if (!/^(test|live)_/.test(options.token)) {
        throw new Error("a client-side token begins with test_ or live_");
      }
      hear = options.eventCallback ?? hear;
    },
    Checkout: {
      open({ transactionId, settings = {} }) {
        after = settings.successUrl ?? "";
        frame = document.createElement("iframe");
        frame.title = "Checkout";
        frame.src = `${origin}/buy/${transactionId}`;
        Object.assign(frame.style, {
          position: "fixed",
          inset: "0",
          width: "100%",
          height: "100%",
          border: "0",
          zIndex: "9",
        });
        document.body.append(frame);
        hear({ name: "checkout.loaded" });
      },
    },
  };
})();
