internal import Synchronization

/// Where any thread leaves messages for the loop, which takes them all at once and sleeps while
/// there are none.
package final class Mailbox<Message: Sendable>: Sendable {
    private let messages = Mutex<[Message]>([])
    private let bell = WakePipe()

    package init() {}

    /// Leaves a message and wakes the loop. Never waits.
    package func post(_ message: Message) {
        let isFirst = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        // The others were announced by the first.
        if isFirst { bell.ring() }
    }

    /// All messages there are, in the order of their posting.
    package func take() -> [Message] {
        bell.silence()
        return messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }

    /// Readable while there is a message.
    var descriptor: Int32 { bell.descriptor }
}
