import Testing

@testable import Terminal

@Suite struct TerminalTests {
    @Test func `the target links`() { #expect(Bool(true)) }
}
