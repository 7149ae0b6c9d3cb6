// One HTTPS request: a GET of a policy (RFC 8461 §3.3), a POST of a report (RFC 8460 §5.5). The server is verified by
// authorities and its name; redirects are not followed, nothing is kept in a cache, the answer has a limit.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/connection.h"

namespace hikyaku::delivery {

struct HttpsRequest {
  std::string host;  // canonical
  std::uint16_t port = 443;
  std::string path = "/";      // with the query
  std::string content_type{};  // of `body`; empty: a GET
  std::string body{};
  std::size_t most_answer_octets = 64 << 10;
};

struct HttpsAnswer {
  std::uint16_t status = 0;
  std::string media_type;
  std::string body;
};

enum class HttpsFailure : std::uint8_t { NoAnswer, Certificate };  // Certificate: the server could not be verified
struct HttpsError {
  HttpsFailure kind = HttpsFailure::NoAnswer;
  std::string what;  // a sentence
};

// The addresses of a host, in the order of trying; empty: none, `why` says why.
struct HostAddresses {
  std::vector<io::IpAddress> found;
  std::string why;
};
using FindAddresses = std::function<io::Task<HostAddresses>(std::string host, Deadline deadline)>;

// Tries the host's addresses in turn.
io::Task<Result<HttpsAnswer, HttpsError>> https_request(io::Loop& loop, std::shared_ptr<const io::TlsClientContext> tls,
                                                        FindAddresses find, HttpsRequest request, Deadline deadline);

// "https://host[:port]/path"; nothing when it is none. No user information, no fragment.
[[nodiscard]] std::optional<HttpsRequest> read_https_uri(std::string_view uri);

}  // namespace hikyaku::delivery
