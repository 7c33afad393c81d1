internal import Foundation

/// Which adapter lies in a directory: a run made anew writes other ones to the same places.
struct AdapterStamp: Equatable {
    private let path: String
    private let changed: Date?
    private let fileNumber: Int?

    /// - Parameter directory: In PEFT layout; a missing file is told by whoever reads it.
    init(_ directory: URL) {
        path = directory.standardizedFileURL.path
        let file = directory.appending(path: "adapter_model.safetensors").path
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        changed = attributes?[.modificationDate] as? Date
        fileNumber = attributes?[.systemFileNumber] as? Int
    }

    /// Whether what was read at `other`'s time is what is there; also when nothing is there any more.
    func isCovered(by other: AdapterStamp) -> Bool {
        self == other || path == other.path && changed == nil
    }

    /// Whether both are about the same directory.
    func isSamePlace(as other: AdapterStamp) -> Bool { path == other.path }
}
