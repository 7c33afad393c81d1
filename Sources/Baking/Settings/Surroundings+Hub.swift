package import Foundation

extension Surroundings {
    /// Where Hugging Face's tools keep everything of theirs.
    package var hubHome: URL {
        hubPlace("HF_HOME")
            ?? cacheDirectory.appending(path: "huggingface", directoryHint: .isDirectory)
    }

    /// Where Hugging Face's tools keep models.
    package var hubCache: URL {
        hubPlace("HF_HUB_CACHE") ?? hubPlace("HUGGINGFACE_HUB_CACHE")
            ?? hubHome.appending(path: "hub", directoryHint: .isDirectory)
    }

    /// Where models go when that cannot be written; of the same layout.
    package var ownHubCache: URL {
        dataDirectory.appending(path: "hub", directoryHint: .isDirectory)
    }

    /// The caches in which models are looked for, in this order.
    package var hubCaches: [URL] { [hubCache, ownHubCache] }

    /// The path in a variable of Hugging Face's tools, which they read as a shell would: `~`, `$NAME`
    /// and `${NAME}`; what is not set stays as it is.
    package func hubPlace(_ variable: String) -> URL? {
        self.variable(variable).map { path in
            url(
                of: path.replacing(/\$(?:([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})/) { match in
                    let name = match.output.1 ?? match.output.2 ?? ""
                    return environment[String(name)] ?? String(match.output.0)
                })
        }
    }
}
