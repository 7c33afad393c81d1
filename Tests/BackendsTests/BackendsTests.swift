import Testing

@testable import Backends

@Suite struct BackendsTests {
    @Test func `the target links`() { #expect(Bool(true)) }
}
