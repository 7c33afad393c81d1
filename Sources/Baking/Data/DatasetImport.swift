import Foundation
import Transformer

/// Rows that were brought along instead of generated.
struct DatasetImport {
    /// In their order; train, or the split they had in the run they come from.
    let examples: [Example]
    /// Of everything in them that a bake depends on.
    let hash: String

    private init(_ examples: [Example]) {
        self.examples = examples
        hash = sha256(
            parts: examples.flatMap { example in
                [example.id, example.split.rawValue, example.tokens.description]
                    + example.messages.flatMap { [$0.role.rawValue, $0.content] }
            })
    }

    /// The rows of `source` as rows of this bake. Tokens made by the same model and template are
    /// kept unless the text was edited; otherwise they are made once from the text.
    init(
        _ source: DatasetSource, store: RunStore, renderer: ConversationRenderer,
        identity: RowIdentity
    ) throws {
        switch source {
        case .run(let name):
            let run = try store.run(name)
            let dataset = try Dataset(run.url(.dataset))
            let planned = PlannedRow.rows(
                try run.queries(), configuration: run.record.configuration)
            let places = Dictionary(
                planned.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
            // The file has them as they finished.
            let examples = dataset.inOrder.filter { $0.excluded != true && $0.split != .test }
                .filter { $0.prompt == run.record.identity.prompt }
                .sorted { (places[$0.id] ?? .max) < (places[$1.id] ?? .max) }
            guard examples.contains(where: { $0.split == .train }) else {
                throw DatasetError.noUsableRows(
                    total: dataset.examples.count, reasons: "the run \(run.name) has no others")
            }
            self.init(
                try examples.map { example in
                    var adopted = identity.adopting(example)
                    if example.model != identity.model || example.template != identity.template
                        || !example.tokens.allSatisfy(renderer.isToken)
                        || renderer.text(of: example.tokens, stop: example.stop)
                            != example.response
                    {
                        adopted.tokens = try renderer.tokens(ofLast: example.messages)
                        adopted.stop = .end
                    }
                    return adopted
                })
        case .file(let file):
            guard let data = try RunFiles.contents(of: file) else {
                throw RunError.unreadable(path: file.path, reason: "no such file")
            }
            var examples: [String: Example] = [:]
            var order: [String] = []
            for line in JSONLines(data, keepingTorn: true).lines {
                for example in try DatasetImport.chat(
                    line, path: file.path, renderer: renderer, identity: identity)
                {
                    if examples.updateValue(example, forKey: example.id) == nil {
                        order.append(example.id)
                    }
                }
            }
            guard !order.isEmpty else {
                throw DatasetError.noUsableRows(total: 0, reasons: "\(file.path) has no chats")
            }
            self.init(order.compactMap { examples[$0] })
        }
    }

    /// One example per assistant's turn of a chat; a system message is left out, since the prompt
    /// takes its place.
    private static func chat(
        _ line: JSONLines.Line, path: String, renderer: ConversationRenderer, identity: RowIdentity
    ) throws -> [Example] {
        struct Chat: Decodable {
            var messages: [ChatMessage]
            var excluded: Bool?
            var split: Split?
            var group: String?
        }
        func invalid(_ why: String) -> DatasetError {
            .invalidLine(path: path, line: line.number, why: why)
        }
        let chat: Chat
        do {
            chat = try JSONLine.decode(Chat.self, from: line.data)
        } catch {
            throw invalid(JSONLine.reason(of: error))
        }
        if chat.excluded == true || chat.split == .test { return [] }
        let messages = chat.messages.filter { $0.role != .system }
        for (index, message) in messages.enumerated() {
            let expected: ChatMessage.Role = index.isMultiple(of: 2) ? .user : .assistant
            guard message.role == expected else {
                throw invalid("message \(index + 1) is not the \(expected.rawValue)'s")
            }
            guard message.content.contains(where: { !$0.isWhitespace }) else {
                throw invalid("message \(index + 1) is empty")
            }
        }
        guard messages.count >= 2 else { throw invalid("the chat has no assistant's turn") }
        let query = Query(
            group: chat.group ?? "dataset",
            turns: stride(from: 0, to: messages.count, by: 2).map { messages[$0].content })
        let split = chat.split ?? .train
        return try stride(from: 2, through: messages.count, by: 2).map { end in
            let turns = Array(messages.prefix(end))
            let tokens: [TokenID]
            do {
                tokens = try renderer.tokens(ofLast: turns)
            } catch {
                throw invalid("\(error)")
            }
            return identity.adopting(
                Example(
                    messages: turns,
                    id: String(
                        sha256(parts: ["chat", split.rawValue] + turns.map(\.content)).prefix(16)),
                    query: query.id, group: query.group, split: split, turn: end / 2,
                    temperature: 1, seed: 0, tokens: tokens,
                    stop: .end, generator: "dataset", prompt: "", model: "", template: "",
                    sampling: ""))
        }
    }
}
