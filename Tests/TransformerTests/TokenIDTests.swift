import Foundation
import Testing
import Transformer

@Suite struct TokenIDTests {
    @Test func `tokens are plain numbers in JSON`() throws {
        let tokens: [TokenID] = [3, 151_668]
        let data = try JSONEncoder().encode(tokens)
        #expect(String(decoding: data, as: UTF8.self) == "[3,151668]")
        #expect(try JSONDecoder().decode([TokenID].self, from: data) == tokens)
    }
}
