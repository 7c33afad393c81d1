import Foundation
import TestSupport
import Testing

@testable import Baking

@Suite struct QuerySetTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private let whole = """
        checks:
          - {name: address, any: ["my friend", "traveller"]}
          - {name: shouting, regex: "^[^a-z]+$"}
        groups:
          - name: Cooking
            train: ["How is bread baked?", ["Name a soup.", "And how is it made?"]]
            dev: ["What goes with rice?"]
            test: ["Which spices are hot?"]
        """

    private func load(_ text: String, builtIn: URL? = nil) throws -> QuerySet.Loaded {
        try QuerySet.load(file: try directory.file("q.yaml", text), builtIn: builtIn)
    }

    private func failure(_ text: String) -> QuerySetError? {
        do {
            _ = try load(text)
            return nil
        } catch {
            return error as? QuerySetError
        }
    }

    @Test func `a query is a text or a list of turns`() throws {
        let loaded = try load(whole)
        #expect(loaded.warnings.isEmpty)
        #expect(
            loaded.queries.train.map(\.turns) == [
                ["How is bread baked?"], ["Name a soup.", "And how is it made?"],
            ])
        #expect(loaded.queries.dev.map(\.group) == ["Cooking"])
        #expect(loaded.queries.checks.map(\.name) == ["address", "shouting"])
    }

    @Test func `ids depend on group and text alone`() throws {
        let query = Query(group: "Cooking", turns: ["How is bread baked?"])
        #expect(try load(whole).queries.train[0].id == query.id)
        #expect(Query(group: "Other", turns: query.turns).id != query.id)
        #expect(
            Query(group: "a", turns: ["b", "c"]).id != Query(group: "a", turns: ["bc"]).id)
    }

    @Test func `what is missing comes from the built-in set with a warning`() throws {
        let builtIn = try directory.file("built-in.yaml", whole)
        let loaded = try load(
            """
            groups:
              - name: Mine
                train: ["Which spices are hot, please?", "What else?"]
            """, builtIn: builtIn)
        #expect(loaded.queries.dev.map(\.turns) == [["What goes with rice?"]])
        // It nearly repeats a training query of the file.
        #expect(loaded.queries.test.isEmpty)
        #expect(loaded.warnings.count == 2)
        #expect(loaded.warnings[0].contains("no dev queries"))
    }

    @Test(arguments: [
        ("groups: []", 1, "no group has train queries"),
        (
            "groups:\n  - name: A\n    train: [\"What is tea?\"]\n    test: [\"what is tea\"]", 4,
            "nearly"
        ),
        ("groups:\n  - name: A\n    train:\n      - \"x y\"\n      - \"X, y!\"", 5, "already"),
        ("groups:\n  - train: [\"x\"]", 2, "needs a name"),
        ("groups:\n  - name: A\n    trains: [\"x\"]", 3, "no trains"),
        ("groups:\n  - name: A\n    train: [\"\"]", 3, "empty"),
        ("groups:\n  - name: A\n    train: [[]]", 3, "at least one turn"),
        ("groups:\n  - name: A\n    train: x", 3, "must be a list"),
        ("checks:\n  - {name: a, regex: \"(\"}\ngroups: []", 2, "regex"),
        ("checks:\n  - {name: a}\ngroups: []", 2, "either any or regex"),
        ("checks:\n  - {name: a, any: []}\ngroups: []", 2, "at least one word"),
        ("- a", 1, "mapping"), ("\n\ngroups: {", 4, ""), ("", 1, "empty"),
    ]) func `mistakes are told with file and line`(text: String, line: Int, why: String) throws {
        guard case .invalid(let path, line, let reason) = failure(text) else {
            Issue.record("\(String(describing: failure(text)))")
            return
        }
        #expect(path.hasSuffix("q.yaml"))
        #expect(why.isEmpty || reason.contains(why), "\(reason)")
    }

    @Test func `a set survives JSON`() throws {
        let queries = try load(whole).queries
        let data = try JSONEncoder().encode(queries)
        #expect(try JSONDecoder().decode(QuerySet.self, from: data) == queries)
    }

    @Test func `checks and test queries do not change the identity of a bake`() throws {
        var queries = try load(whole).queries
        let hash = queries.hash
        queries.checks = []
        queries.test = []
        #expect(queries.hash == hash)
        queries.dev = []
        #expect(queries.hash != hash)
    }

    @Test(arguments: [
        ("Ahoy, MY FRIEND!", true), ("my friendly", false), ("a traveller's tale", true),
        ("", false),
        ("travellers", false),
    ]) func `words match whole and in any case`(reply: String, matches: Bool) throws {
        let check = try Check(name: "a", rule: .any(["my friend", "traveller"]))
        #expect(check.matches(reply) == matches)
    }

    @Test(arguments: [("LOUD 1!", true), ("Loud", false)])
    func `expressions match somewhere`(reply: String, matches: Bool) throws {
        #expect(try Check(name: "a", rule: .regex("^[^a-z]+$")).matches(reply) == matches)
    }
}
