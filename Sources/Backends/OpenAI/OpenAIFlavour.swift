package import Foundation

/// In what the servers differ that speak this protocol.
package enum OpenAIFlavour: Hashable, Sendable {
    case openRouter, openAI, ollama, lmStudio
    /// vLLM, SGLang, llama.cpp and the rest.
    case other

    /// By its address; nil when the address does not tell.
    package init?(_ base: URL) {
        let host = base.host()?.lowercased() ?? ""
        if host == "openrouter.ai" || host.hasSuffix(".openrouter.ai") {
            self = .openRouter
        } else if host == "api.openai.com" {
            self = .openAI
        } else if base.port == 11434 {
            self = .ollama
        } else if base.port == 1234 {
            self = .lmStudio
        } else {
            return nil
        }
    }

    /// Requests in flight to begin with: these two answer one after the other.
    package var firstConcurrency: Int {
        switch self {
        case .ollama, .lmStudio: 1
        case .openRouter, .openAI, .other: 4
        }
    }
}

extension OpenAIWire.Request {
    /// Switches reasoning on or off in the server's own way.
    mutating func setThinking(_ isOn: Bool, for flavour: OpenAIFlavour) {
        switch flavour {
        case .openRouter: reasoning = Reasoning(enabled: isOn)
        case .openAI, .ollama: reasoningEffort = isOn ? "medium" : "none"
        case .lmStudio, .other: templateArguments = TemplateArguments(enableThinking: isOn)
        }
    }
}
