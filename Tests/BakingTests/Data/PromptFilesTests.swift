import Foundation
import TestSupport
import Testing

@testable import Baking

@Suite struct PromptFilesTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func permissions(_ file: URL) throws -> Int {
        let value = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions]
        return try #require(value as? Int)
    }

    @Test func `prompts are the texts that are nothing else`() throws {
        _ = try directory.file("pirate.md", "\n## A pirate\nArr.")
        _ = try directory.file("Sailor.TXT", "A sailor")
        for name in ["README.md", "readme.de.md", "LICENSE.txt", ".hidden.md", "notes.pdf", "md"] {
            _ = try directory.file(name, "Not a prompt")
        }
        _ = try directory.file("empty.md", " \n")
        try Data([0xFF, 0xFE]).write(to: directory.url.appending(path: "binary.md"))
        try RunFiles.makeDirectory(directory.url.appending(path: "folder.md"))
        let found = try PromptFiles.candidates(in: directory.url)
        #expect(found.map(\.url.lastPathComponent) == ["Sailor.TXT", "pirate.md"])
        #expect(found.map(\.firstLine) == ["A sailor", "A pirate"])
        #expect(found.map(\.byteCount) == [8, 17])
        #expect(try PromptFiles.candidates(in: directory.url.appending(path: "none")).isEmpty)
    }

    @Test func `a prompt that was baked names its run`() throws {
        let store = RunStore(directory: directory.url.appending(path: "runs"))
        let job = try TestJob.job(in: store)
        _ = try store.make(
            name: "old", record: try BakePreparation(job).newRecord(), prompt: job.prompt,
            queries: job.queries)
        _ = try directory.file("a.md", job.prompt.text)
        _ = try directory.file("b.md", job.prompt.text + " ")
        let found = try PromptFiles.candidates(in: directory.url, runs: try store.runs())
        #expect(found.map(\.run) == ["old", nil])
    }

    @Test func `saving keeps permissions and links`() throws {
        let file = try directory.file("a.md", "One")
        #expect(chmod(file.path, 0o640) == 0)
        let link = directory.url.appending(path: "link.md")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
        try PromptFiles.save("Two", to: link)
        #expect(try String(contentsOf: file, encoding: .utf8) == "Two")
        #expect(try permissions(file) == 0o640)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == file.path)
        let new = directory.url.appending(path: "new.md")
        try PromptFiles.save("New", to: new)
        #expect(try String(contentsOf: new, encoding: .utf8) == "New")
        #expect(try RunFiles.names(in: directory.url) == ["a.md", "link.md", "new.md"])
    }

    @Test func `a file that another program changed is not overwritten`() throws {
        let file = try directory.file("a.md", "One")
        try PromptFiles.save("Two", to: file, over: "One")
        #expect(throws: PromptFileError.changed(path: file.path)) {
            try PromptFiles.save("Three", to: file, over: "One")
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == "Two")
        #expect(throws: PromptFileError.notAFile(path: directory.url.path)) {
            try PromptFiles.save("x", to: directory.url)
        }
        let nowhere = directory.url.appending(path: "none/a.md")
        #expect {
            try PromptFiles.save("x", to: nowhere)
        } throws: {
            if case PromptFileError.unwritable(nowhere.path, _) = $0 { true } else { false }
        }
    }

    @Test func `a draft outlives the program and knows its file`() throws {
        let file = try directory.file("a.md", "One")
        let state = directory.url.appending(path: "state/oven")
        let draft = PromptDraft(of: file, stateDirectory: state)
        #expect(try draft.read() == nil)
        try draft.keep("One, edited", time: Date(timeIntervalSinceNow: 60))
        let kept = try #require(try PromptDraft(of: file, stateDirectory: state).read())
        #expect(kept.text == "One, edited" && kept.isDifferent && kept.isNewer)
        #expect(
            try PromptDraft(of: directory.url.appending(path: "b.md"), stateDirectory: state).read()
                == nil)

        try draft.keep("One", time: Date(timeIntervalSince1970: 0))
        let old = try #require(try draft.read())
        #expect(!old.isDifferent && !old.isNewer)
        try RunFiles.remove(file)
        let alone = try #require(try draft.read())
        #expect(alone.isDifferent && alone.isNewer)

        let drafts = state.appending(path: "drafts")
        let name = try #require(try RunFiles.names(in: drafts).first)
        #expect(try permissions(drafts.appending(path: name)) == 0o600)
        #expect(try permissions(drafts) == 0o700)
        try draft.remove()
        try draft.remove()
        #expect(try draft.read() == nil)
    }

    @Test(arguments: [
        ([:], "/home/me/.local/state/oven"), (["XDG_STATE_HOME": "/state"], "/state/oven"),
        (["XDG_STATE_HOME": "relative"], "/home/me/.local/state/oven"),
    ]) func `state is kept where the system has it`(variables: [String: String], path: String) {
        let surroundings = Surroundings(
            workingDirectory: directory.url,
            environment: variables.merging(["HOME": "/home/me"]) { $1 },
            executable: URL(filePath: "/bin/oven"))
        #expect(surroundings.stateDirectory.path == path)
    }
}
