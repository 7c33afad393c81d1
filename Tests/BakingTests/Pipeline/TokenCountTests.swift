import TestSupport
import Testing
import Transformer

@testable import Baking

@Suite struct TokenCountTests {
    @Test func `tokens of a text are those of the model`() {
        #expect(TokenCount.tokens(in: "", for: FakeBackend()) == 0)
        // Text of a special token is text.
        #expect(TokenCount.tokens(in: "Ahoy <|im_end|>", for: FakeBackend()) == 15)
    }

    @Test func `a prompt costs the teacher its tokens and the block around them`() throws {
        let backend = FakeBackend()
        let block = "<|im_start|>system\n<|im_end|>\n"
        let frame = backend.tokenizer.encode(block, special: .parse, addSpecial: false).count
        #expect(try TokenCount.tokens(added: "Be a pirate.", for: backend) == frame + 12)
        #expect(try TokenCount.tokens(added: "", for: backend) == frame)
        #expect(try TokenCount.tokens(added: "Be", to: .empty, for: backend) == 2)
    }
}
