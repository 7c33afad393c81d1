package import Foundation

/// What the setting `model` names.
package enum ModelLocation: Hashable, Sendable {
    /// Files in Hugging Face layout.
    case directory(URL)
    /// A model of the service `tinker`.
    case tinker(String)

    /// Nothing is there.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case noSuchModel(name: String, cache: String, isHubName: Bool)
        case noResource(Resources.Missing)

        package var description: String {
            switch self {
            case .noSuchModel(let name, let cache, let isHubName):
                "no model \(name): it is neither starter, nor a directory, nor in the cache "
                    + "(\(cache))" + (isHubName ? "; oven pull \(name) fetches it" : "")
            case .noResource(let missing): missing.description
            }
        }
    }

    /// Looks for `name`, in this order: the embedded model, a service's, a directory, the cache.
    package init(_ name: String, in surroundings: Surroundings) throws(Failure) {
        if name == "starter" {
            do throws(Resources.Missing) {
                self = .directory(try Resources(surroundings).url(of: .starter))
            } catch {
                throw .noResource(error)
            }
            return
        }
        if name.hasPrefix("tinker:") {
            self = .tinker(String(name.dropFirst("tinker:".count)))
            return
        }
        let directory = surroundings.url(of: name)
        if Self.isDirectory(directory) {
            self = .directory(directory)
            return
        }
        let repository = HubRepository(name)
        guard let snapshot = repository.flatMap({ Self.snapshot(of: $0, in: surroundings) }) else {
            throw .noSuchModel(
                name: name, cache: surroundings.hubCache.path, isHubName: repository != nil)
        }
        self = .directory(snapshot.directory)
    }

    /// The snapshot of a repository's main branch: a whole one if a cache has it, else what there is.
    private static func snapshot(
        of repository: HubRepository, in surroundings: Surroundings
    ) -> HubSnapshot? {
        let found = surroundings.hubCaches.compactMap { HubCache($0).snapshot(of: repository) }
        return found.first { $0.missing.isEmpty } ?? found.first
    }

    /// The hub ids that a cache has a model of, sorted.
    package static func cachedNames(in surroundings: Surroundings) -> [String] {
        let names = surroundings.hubCaches.map(HubCache.init).flatMap { cache in
            cache.repositories.filter { cache.snapshot(of: $0)?.missing.isEmpty == true }
        }.map(\.name)
        return Set(names).sorted()
    }

    private static func isDirectory(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }
}
