"""Name the faults with which a car refuses a message."""

from tesla_protocol.command.universal_message_pb2 import MessageFault_E

BUSY = MessageFault_E.MESSAGEFAULT_ERROR_BUSY
UNKNOWN_KEY = MessageFault_E.MESSAGEFAULT_ERROR_UNKNOWN_KEY_ID
INVALID_SIGNATURE = MessageFault_E.MESSAGEFAULT_ERROR_INVALID_SIGNATURE
INVALID_COUNTER = MessageFault_E.MESSAGEFAULT_ERROR_INVALID_TOKEN_OR_COUNTER
INSUFFICIENT_PRIVILEGES = MessageFault_E.MESSAGEFAULT_ERROR_INSUFFICIENT_PRIVILEGES
INVALID_DOMAINS = MessageFault_E.MESSAGEFAULT_ERROR_INVALID_DOMAINS
INVALID_COMMAND = MessageFault_E.MESSAGEFAULT_ERROR_INVALID_COMMAND
DECODING = MessageFault_E.MESSAGEFAULT_ERROR_DECODING
BAD_PARAMETER = MessageFault_E.MESSAGEFAULT_ERROR_BAD_PARAMETER
KEYCHAIN_FULL = MessageFault_E.MESSAGEFAULT_ERROR_KEYCHAIN_IS_FULL
INCORRECT_EPOCH = MessageFault_E.MESSAGEFAULT_ERROR_INCORRECT_EPOCH
TIME_EXPIRED = MessageFault_E.MESSAGEFAULT_ERROR_TIME_EXPIRED
TIME_TO_LIVE_TOO_LONG = MessageFault_E.MESSAGEFAULT_ERROR_TIME_TO_LIVE_TOO_LONG
REMOTE_ACCESS_DISABLED = MessageFault_E.MESSAGEFAULT_ERROR_REMOTE_ACCESS_DISABLED

# With these the car sends its session info along, so that a signer can catch up.
RESYNCING = frozenset(
    {
        BAD_PARAMETER,
        INCORRECT_EPOCH,
        INVALID_COUNTER,
        INVALID_SIGNATURE,
        TIME_EXPIRED,
        TIME_TO_LIVE_TOO_LONG,
    }
)


class MessageFault(Exception):
    """Carry the number of the fault with which a message is refused."""

    def __init__(self, number: MessageFault_E) -> None:
        super().__init__(number)
        self.number = number
