import Testing

@testable import Baking

@Suite struct BakingTests {
    @Test func `the target links`() { #expect(Bool(true)) }
}
