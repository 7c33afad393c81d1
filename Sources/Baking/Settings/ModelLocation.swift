package import Foundation

/// What the setting `model` names.
package enum ModelLocation: Hashable, Sendable {
    /// Files in Hugging Face layout.
    case directory(URL)
    /// A model of the service `tinker`.
    case tinker(String)

    /// Nothing is there.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case noSuchModel(name: String, cache: String)
        case noResource(Resources.Missing)

        package var description: String {
            switch self {
            case .noSuchModel(let name, let cache):
                "no model \(name): it is neither starter, nor a directory, nor in the cache "
                    + "(\(cache))"
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
        } else if let cached = Self.cached(name, in: surroundings.hubCache) {
            self = .directory(cached)
        } else {
            throw .noSuchModel(name: name, cache: surroundings.hubCache.path)
        }
    }

    /// The snapshot of `refs/main` of the repository `owner/name`; nil when it is not there.
    private static func cached(_ name: String, in cache: URL) -> URL? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let allowed = parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".."
                && part.allSatisfy {
                    $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0))
                }
        }
        guard allowed, parts.count <= 2 else { return nil }
        let repository = cache.appending(path: "models--" + parts.joined(separator: "--"))
        guard
            let reference = try? String(
                contentsOf: repository.appending(path: "refs/main"), encoding: .utf8)
        else { return nil }
        let commit = reference.trimmingCharacters(in: .whitespacesAndNewlines)
        guard commit.count == 40, commit.allSatisfy(\.isHexDigit) else { return nil }
        let snapshot = repository.appending(path: "snapshots/\(commit)")
        return isDirectory(snapshot) ? snapshot : nil
    }

    /// The hub ids that the cache has a snapshot of, sorted.
    package static func cachedNames(in surroundings: Surroundings) -> [String] {
        let cache = surroundings.hubCache
        let names = (try? FileManager.default.contentsOfDirectory(atPath: cache.path)) ?? []
        return names.filter { $0.hasPrefix("models--") }
            .map {
                String($0.dropFirst("models--".count)).replacing(
                    "--", with: "/", maxReplacements: 1)
            }
            .filter { cached($0, in: cache) != nil }
            .sorted()
    }

    private static func isDirectory(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }
}
