/// One piece of input as the screen reads it.
enum InputCode: Hashable, Sendable {
    /// A byte that is no key of the terminal's description, or a part of one.
    case byte(UInt8)
    /// A key that the terminal's description knows.
    case key(Key)
    case resize(Size)
}
