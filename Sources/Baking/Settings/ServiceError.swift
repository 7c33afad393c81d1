/// Why a service cannot be used as it is configured.
package enum ServiceError: Error, Hashable, CustomStringConvertible {
    case unknown(name: String, nearest: String?)
    /// It trains; it is no chat service.
    case writesNoResponses(name: String)
    case noModel(name: String)
    case noKey(name: String, variable: String)
    case keysReadableByOthers(file: String, variable: String)
    case badKey(variable: String, source: String)

    package var description: String {
        switch self {
        case .unknown(let name, let nearest):
            "no service is called \(name)" + (nearest.map { ", the nearest is \($0)" } ?? "")
                + "; services are described in oven.yaml"
        case .writesNoResponses(let name):
            "the service \(name) trains models and writes no responses for others; for those of the "
                + "model itself leave generator at model"
        case .noModel(let name):
            "the service \(name) is to be asked for no model in particular; write "
                + "\(name):MODEL, or set services.\(name).model in oven.yaml"
        case .noKey(let name, let variable):
            "the service \(name) needs a key; set \(variable), or write it into .env"
        case .keysReadableByOthers(let file, let variable):
            "\(variable) in \(file) can be read by others and is not used; chmod 600 \(file)"
        case .badKey(let variable, let source):
            "\(variable) (\(source)) is no key: it is empty or has spaces in it"
        }
    }
}
