#include "services/filters/asked.h"

namespace hikyaku::filters {

std::optional<io::SocketAddress> socket_of(std::string_view text) {
  if (text.starts_with('/')) return io::SocketAddress::unix_path(std::string(text));
  return io::SocketAddress::parse(text);
}

std::string trouble_text(const io::IoError& error) {
  switch (error.kind) {
    case io::IoFailure::TimedOut: return "it did not answer in time";
    case io::IoFailure::Closed:
    case io::IoFailure::Reset: return "it closed the connection";
    case io::IoFailure::Refused:
    case io::IoFailure::Unreachable: return "nobody listens there";
    case io::IoFailure::NoResources: return "it takes no more connections";
    default: return error.what;
  }
}

}  // namespace hikyaku::filters
