internal import CCurl
internal import Foundation

extension HTTPError {
    /// What libcurl's code means; nil when all went well.
    ///
    /// - Parameters:
    ///   - text: Its own words, if there are any. They may repeat what the server sent.
    ///   - systemError: `errno` of the connection, or 0.
    init?(_ code: CURLcode, text: String, systemError: Int32, host: String) {
        let words = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        let why = Self.printable(words)
        switch code {
        case CURLE_OK: return nil
        case CURLE_COULDNT_CONNECT:
            // libcurl's own words say host, port and milliseconds once more.
            let reason = systemError == 0 ? why : String(cString: strerror(systemError))
            self = .cannotConnect(host: host, why: reason.lowercased())
        case CURLE_COULDNT_RESOLVE_HOST: self = .cannotConnect(host: host, why: "no such host")
        case CURLE_COULDNT_RESOLVE_PROXY,
            CURLE_PROXY, CURLE_INTERFACE_FAILED, CURLE_FAILED_INIT:
            self = .cannotConnect(host: host, why: why)
        case CURLE_SSL_CONNECT_ERROR:
            // A connection that breaks during the handshake proves nothing about the host.
            let isBroken =
                systemError != 0 || why.contains("SYSCALL") || why.contains("unexpected eof")
            self =
                isBroken ? .cannotConnect(host: host, why: why) : .insecure(host: host, why: why)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_CLIENTCERT:
            self = .insecure(host: host, why: why)
        case CURLE_OPERATION_TIMEDOUT:
            // The only limit that libcurl knows of is that of connecting.
            self = .timedOut(host: host, waitingFor: "a connection")
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY:
            self = .cut(host: host, why: "what came is not HTTP")
        default:
            self = .cut(host: host, why: why)
        }
    }

    /// One short line without control characters.
    static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(200).map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: " "
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars)).trimmingCharacters(in: .whitespaces)
    }
}
