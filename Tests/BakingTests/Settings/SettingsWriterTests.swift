import Foundation
import Testing

@testable import Baking

@Test func `a written setting replaces its line and leaves the others as they are`() throws {
    let old = """
        # mine
        rank: 16   # half
        temperatures:
          - 0.5
          - 1.0
        targets:
        - q_proj
        services:
          mine: {kind: openai, base-url: "http://localhost"}

        """
    let new = try SettingsWriter.text(
        old, changing: [.rank: "8", .temperatures: "0.7,0.9", .prompt: "a \"b\".md"])
    #expect(
        new == """
            # mine
            rank: 8
            temperatures: [0.7, 0.9]
            targets:
            - q_proj
            services:
              mine: {kind: openai, base-url: "http://localhost"}
            prompt: "a \\"b\\".md"

            """)
}

@Test func `what is written is read back as it was given`() throws {
    let place = FileManager.default.temporaryDirectory
        .appending(path: "oven-writer-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: place) }
    let changes: [SettingName: String] = [
        .rank: "8", .alpha: "rank", .loss: "full", .learningRate: "0.003", .prompt: "yes.md",
        .targets: "q_proj,v_proj", .precise: "true", .model: "no",
    ]
    try SettingsWriter.write(changes, to: place)
    let file = try #require(try SettingsFile(place, shownAs: "oven.yaml"))
    for (name, text) in changes {
        let expected = try Setting.named(name).value(from: text, place: "")
        #expect(file.values[name]?.value == expected, "\(name)")
    }
}

@Test func `a value that is none is refused and the file stays`() throws {
    let place = FileManager.default.temporaryDirectory
        .appending(path: "oven-writer-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: place) }
    try "rank: 16\n".write(to: place, atomically: true, encoding: .utf8)
    #expect(throws: SettingsError.self) {
        try SettingsWriter.write([.rank: "zero"], to: place)
    }
    #expect(try String(contentsOf: place, encoding: .utf8) == "rank: 16\n")
}
