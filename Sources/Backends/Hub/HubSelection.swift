import Baking
import Foundation

/// Which files of a repository are fetched.
package enum HubSelection: Sendable {
    /// Everything that a model needs to run here.
    case model
    /// What turns texts into tokens and back: for models that run elsewhere.
    case tokenizer

    /// The files beside the weights, those that there are.
    ///
    /// - Throws: When one is missing that is needed.
    func smallFiles(
        of listing: HubListing, _ repository: HubRepository
    ) throws(HubError) -> [HubFile] {
        var names = [
            "config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json",
            "chat_template.jinja", "special_tokens_map.json",
        ]
        var needed = ["tokenizer.json"]
        if self == .model {
            names.append("added_tokens.json")
            names += listing.files.keys.filter { name in
                !name.contains("/")
                    && ["LICENSE", "LICENCE", "NOTICE", "USE_POLICY"].contains {
                        name.hasPrefix($0)
                    }
            }
            needed.append("config.json")
        }
        for name in needed.sorted() where listing.files[name] == nil {
            throw .lacks(repository, file: name, instead: nil)
        }
        return names.sorted().compactMap { listing.files[$0] }
    }

    /// The one file of weights, or nil when an index lists several.
    ///
    /// - Throws: When there is neither.
    static func singleFile(
        of listing: HubListing, _ repository: HubRepository
    ) throws(HubError) -> HubFile? {
        if let file = listing.files[HubSnapshot.weights] { return file }
        guard listing.files[HubSnapshot.index] == nil else { return nil }
        let other = listing.files.keys.sorted().first { name in
            [".safetensors", ".bin", ".gguf", ".pth", ".pt"].contains { name.hasSuffix($0) }
        }
        throw .lacks(repository, file: HubSnapshot.weights, instead: other)
    }

    /// The files that an index names.
    static func shards(
        inIndex text: Data, of listing: HubListing, _ repository: HubRepository
    ) throws(HubError) -> [HubFile] {
        let names: Set<String>
        do {
            names = try HubSnapshot.shards(inIndex: text)
        } catch {
            throw .unexpected(
                what: "\(HubSnapshot.index) of \(repository)", why: "it lists no files of weights")
        }
        var files: [HubFile] = []
        for name in names.sorted() {
            guard let file = listing.files[name] else {
                throw .lacks(repository, file: name, instead: nil)
            }
            files.append(file)
        }
        return files
    }
}
