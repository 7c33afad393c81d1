import ArgumentParser
import Baking
import Foundation
import Transformer

struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize", abstract: "Turns text or chats into token ids.",
        discussion: """
            Reads lines {"text", "special", "addSpecial"} or {"messages", "generationPrompt", \
            "thinking", "special", "weights"} from standard input and answers {"ids", "text"} or \
            {"error"} on one line each.

            Example: echo '{"text": "Ahoy!"}' | oven tokenize
            """)

    @Option(
        help: "A model, or a directory with a tokenizer's files.", completion: .directory)
    var model: String?
    @Flag(help: "Taken for granted: the output is JSON.")
    var json = false

    func run() async throws {
        let flags = model.map { [SettingName.model: $0] } ?? [:]
        let settings = try Settings(flags: flags, in: .current())
        let console = Console.standard(settings)
        guard case .directory(let directory) = try settings.modelLocation() else {
            throw UsageError("tokenize needs a local model, not \(settings.text(.model))")
        }
        let file = try TokenizerFile(directory: directory)
        for warning in file.warnings { console.remark("warning: \(warning)") }
        let lines = TokenizeLines(tokenizer: file.tokenizer) {
            try ChatTemplate(directory: directory)
        }
        while let line = readLine() {
            try Task.checkCancellation()
            if line.allSatisfy(\.isWhitespace) { continue }
            try console.line(JSONText.escaped(lines.answer(line)))
        }
    }
}
