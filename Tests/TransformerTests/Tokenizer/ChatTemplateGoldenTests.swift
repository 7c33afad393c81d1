import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct ChatTemplateGoldenTests {
    /// The template that a line was rendered with.
    func template(for line: JSONValue, in folder: TokenizerCase) throws -> ChatTemplate {
        let date = try line.text("date_string") ?? ChatTemplate.usualDate
        let file = try line.text("template") ?? "chat_template.jinja"
        if file == "chat_template.jinja" {
            return try ChatTemplate(directory: folder.directory, date: date)
        }
        let url = folder.directory.appending(path: file)
        let manifest = try JSONDocument(
            [UInt8](Data(contentsOf: folder.directory.appending(path: "manifest.json")))
        ).root
        return try ChatTemplate(
            text: String(contentsOf: url, encoding: .utf8), bosToken: manifest.text("bos_token"),
            eosToken: manifest.text("eos_token"), date: date)
    }

    func messages(_ line: JSONValue) throws -> [ChatMessage] {
        try line.required("messages").elements().map { message in
            let role = try message.required("role").string()
            return ChatMessage(
                try #require(ChatMessage.Role(rawValue: role)),
                try message.required("content").string())
        }
    }

    @Test(arguments: TokenizerCase.with("chats.jsonl"))
    func `chats are rendered as the library renders them`(_ folder: TokenizerCase) throws {
        let tokenizer = try folder.tokenizer()
        for line in try folder.lines("chats.jsonl") {
            let name = try line.text("name") ?? ""
            let template = try template(for: line, in: folder)
            let messages = try messages(line)
            let generationPrompt = try line.required("add_generation_prompt").boolean()
            let given = try line.member("enable_thinking")
            let thinking = try given.flatMap { try $0.isNull ? nil : $0.boolean() }
            let text = { () throws(ChatTemplateError) in
                try template.text(
                    of: messages, generationPrompt: generationPrompt, thinking: thinking)
            }
            if try line.member("error") != nil {
                #expect(throws: ChatTemplateError.self, "\(name)") { try text() }
                continue
            }
            let rendered = try text()
            #expect(isSame(rendered, try line.text("text")), "\(name): \(rendered)")
            let tokens = { (special: SpecialText) in
                try template.tokens(
                    of: messages, generationPrompt: generationPrompt, thinking: thinking,
                    special: special, using: tokenizer)
            }
            let ids = try line.tokens("ids")
            #expect(try tokens(.parse) == ids, "\(name)")
            // Qwen3's own rendering by parts is another file's subject.
            guard folder.path != "tokenizer" else { continue }
            #expect(try tokens(.text) == line.tokens("ids_special_as_text") ?? ids, "\(name)")
        }
    }

    @Test(arguments: TokenizerCase.with("train.jsonl"))
    func `examples have the recorded tokens and weights`(_ folder: TokenizerCase) throws {
        let tokenizer = try folder.tokenizer()
        for line in try folder.lines("train.jsonl") {
            let name = try line.text("name") ?? ""
            let template = try template(for: line, in: folder)
            let messages = try messages(line)
            let prompt = messages.last?.role == .assistant ? messages.dropLast() : messages[...]
            #expect(
                try template.tokens(
                    of: Array(prompt), generationPrompt: true, thinking: false, using: tokenizer)
                    == line.tokens("prompt_ids"), "\(name)")
            if try line.member("refused") != nil {
                #expect(throws: ChatTemplateError.self, "\(name)") {
                    try template.example(messages, using: tokenizer)
                }
                continue
            }
            let example = try template.example(messages, using: tokenizer)
            #expect(example.tokens == (try line.tokens("ids")), "\(name)")
            #expect(example.responseStart == (try line.required("response_start").integer()))
            let weights = try line.required("weights").elements().map { try $0.number() }
            #expect(example.weights.map(Double.init) == weights, "\(name)")
            guard let student = try line.tokens("student_ids") else { continue }
            let turns = Array(messages.dropFirst().dropLast())
            let context = try template.context(system: .none, turns: turns, using: tokenizer)
            let response = example.tokens[example.responseStart...]
            #expect(context + response == student, "\(name)")
        }
    }
}
