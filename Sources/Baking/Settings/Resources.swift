package import Foundation

/// Finds what ships with the program. `Bundle.module` would stop the program once the build folder
/// is gone, so the places are searched one by one.
package struct Resources: Sendable {
    /// One thing that ships.
    package enum Item: String, CaseIterable, Sendable {
        case queries = "queries.yaml"
        case starter
        case themes
        case baseline = "torch_baseline.py"
        /// The prompt that a directory without one is offered.
        case prompt = "prompt.md"

        /// The target whose resource bundle holds it.
        var target: String {
            switch self {
            case .queries: "Baking"
            case .starter: "Backends"
            case .themes, .prompt: "Terminal"
            case .baseline: "oven"
            }
        }

        /// Where it lies in a checkout.
        var source: String {
            switch self {
            case .queries: "Sources/Baking/Resources/queries.yaml"
            case .starter: "Sources/Backends/Resources/starter"
            case .themes: "themes"
            case .prompt: "prompt.md"
            case .baseline: "Sources/oven/Resources/torch_baseline.py"
            }
        }
    }

    /// A resource is nowhere.
    package struct Missing: Error, Equatable, CustomStringConvertible {
        package var item: String
        package var places: [String]

        package var description: String {
            "\(item) is missing: looked in \(places.joined(separator: ", ")); "
                + "set OVEN_RESOURCES to the directory that holds it"
        }
    }

    private let surroundings: Surroundings
    private let checkout: URL

    /// The checkout this file was compiled from, four levels up: the last resort of a program that
    /// was copied out of its build folder.
    package static let checkout = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in
        url.deletingLastPathComponent()
    }

    package init(_ surroundings: Surroundings, checkout: URL = Self.checkout) {
        self.surroundings = surroundings
        self.checkout = checkout
    }

    /// The first place that has `item`: `OVEN_RESOURCES`, beside the executable, `../share/oven`
    /// from there, the checkout.
    package func url(of item: Item) throws(Missing) -> URL {
        for place in places {
            if let found = find(item, in: place) { return found }
        }
        let source = checkout.appending(path: item.source)
        if exists(source) { return source }
        throw Missing(item: item.rawValue, places: (places + [checkout]).map(\.path))
    }

    private var places: [URL] {
        let beside = surroundings.executable.deletingLastPathComponent()
        let shared = beside.deletingLastPathComponent().appending(path: "share/oven")
        return [surroundings.variable("OVEN_RESOURCES").map { surroundings.url(of: $0) }]
            .compactMap(\.self) + [beside, shared]
    }

    /// `item` itself in `place`, or in the target's bundle there, as the build folder has it. The
    /// bundle is named after the package, which may be called anything.
    private func find(_ item: Item, in place: URL) -> URL? {
        let direct = place.appending(path: item.rawValue)
        if exists(direct) { return direct }
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        for name in names.sorted() {
            let isBundle = ["resources", "bundle"].contains {
                name.hasSuffix("_\(item.target).\($0)")
            }
            let inside = place.appending(path: name).appending(path: item.rawValue)
            if isBundle, exists(inside) { return inside }
        }
        return nil
    }

    private func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
}
