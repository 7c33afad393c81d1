/// Something that the loop has to tell its client.
package enum Occurrence<Message: Sendable>: Sendable {
    case input(InputEvent)
    /// From the mailbox.
    case message(Message)
    /// A signal that asks the program to end: INT, TERM, HUP or QUIT.
    case signal(Int32)
    /// The terminal has gone away: save and end. It comes once; nothing is drawn after it.
    case hangUp
    /// The client's own deadline has passed.
    case tick
}

extension Occurrence: Equatable where Message: Equatable {}
