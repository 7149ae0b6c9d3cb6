// One HTTP request of ours to somebody's server: a GET of a policy (RFC 8461 §3.3), a POST of a report (RFC 8460 §5.5), of an
// alarm. With https the server is verified by authorities and its name; redirects are not followed, nothing is kept in a cache,
// the answer has a limit.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/connection.h"
#include "protocol/http/head.h"

namespace hikyaku::http {

// What of the answer the caller waits for.
enum class Wanted : std::uint8_t {
  Whole,
  Status,  // a server that goes on for ever keeps nobody
};

struct ClientRequest {
  Url url{Url::Scheme::Https, "", 443, "/"};
  std::string content_type{};  // of `body`; empty: a GET
  std::string body{};
  std::size_t most_answer_octets = 64 << 10;
  Wanted wanted = Wanted::Whole;
};

struct ClientAnswer {
  std::uint16_t status = 0;
  std::string media_type;  // of a whole answer
  std::string body;
};

enum class ClientFailure : std::uint8_t { NoAnswer, Certificate };  // Certificate: the server could not be verified
struct ClientError {
  ClientFailure kind = ClientFailure::NoAnswer;
  std::string what;  // a sentence
};

// The addresses of a host, in the order of trying; empty: none, `why` says why.
struct HostAddresses {
  std::vector<io::IpAddress> found;
  std::string why;
};
using FindAddresses = std::function<Task<HostAddresses>(std::string host, Deadline deadline)>;

// Tries the host's addresses in turn; the first that answers has answered. `tls` is not used for http. A host that is an address is
// not looked for.
Task<Result<ClientAnswer, ClientError>> send_request(io::Loop& loop, std::shared_ptr<const io::TlsClientContext> tls,
                                                         FindAddresses find, ClientRequest request, Deadline deadline);

// A request to "https://host[:port]/path", its host in the one form of DNS; nothing when it is none.
[[nodiscard]] std::optional<ClientRequest> https_request_to(std::string_view uri);

}  // namespace hikyaku::http
