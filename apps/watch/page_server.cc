#include "apps/watch/page_server.h"

#include <fcntl.h>

namespace hikyaku::apps {
namespace {

constexpr std::size_t most_clients = 16, longest_head = 8'192, longest_body = 8'192;
constexpr Duration most_time = 10s;

// The head with its empty line; npos: it is not all there.
std::size_t end_of_head(std::string_view text) {
  const auto with_cr = text.find("\r\n\r\n"), bare = text.find("\n\n");
  return std::min(with_cr == std::string_view::npos ? with_cr : with_cr + 4, bare == std::string_view::npos ? bare : bare + 2);
}

// Nothing: the client went, or sends more than anybody needs.
Task<std::optional<std::string>> read_request(io::Connection& connection, Deadline deadline) {
  std::string text;
  std::optional<std::size_t> wanted;
  while (!wanted || text.size() < *wanted) {
    auto reading = connection.read(deadline);
    const auto read = co_await std::move(reading);
    if (!read || text.size() + read->size() > longest_head + longest_body) co_return std::nullopt;
    text += *read;
    if (wanted) continue;
    const auto end = end_of_head(text);
    if (end == std::string::npos) {
      if (text.size() > longest_head) co_return std::nullopt;
      continue;
    }
    const auto head = http::parse_request_head(std::string_view(text).substr(0, end));
    const auto body = head ? head->content_length.value_or(0) : 0;
    if (body > longest_body) co_return std::nullopt;
    wanted = end + static_cast<std::size_t>(body);
  }
  co_return text;
}

}  // namespace

std::string http_answer(std::string_view status, std::string_view type, std::string_view body, std::string_view more) {
  std::string text = "HTTP/1.1 ";
  text.append(status).append("\r\nContent-Type: ").append(type).append("\r\nContent-Length: ").append(std::to_string(body.size()));
  return text.append("\r\nConnection: close\r\n").append(more).append("\r\n").append(body);
}

void PageServer::start() {
  for (const auto& inherited : service_.listeners(listener_)) {
    io::Descriptor own(::fcntl(inherited.descriptor, F_DUPFD_CLOEXEC, 0));
    if (!own) continue;
    listeners_.push_back(std::make_unique<io::Listener>(loop_, std::move(own)));
    loop_.spawn(accept(*this, *listeners_.back()));
  }
}

void PageServer::close() {
  for (auto& listener : listeners_) listener->close();
}

Task<void> PageServer::accept(PageServer& server, io::Listener& listener) {
  for (;;) {
    auto accepting = listener.accept();
    auto accepted = co_await std::move(accepting);
    if (accepted && server.clients_ < most_clients) server.loop_.spawn(serve(server, std::move(*accepted)));
    else if (!accepted && accepted.error().kind != io::IoFailure::TimedOut) co_return;
  }
}

Task<void> PageServer::serve(PageServer& server, io::Accepted accepted) {
  struct Counted {
    std::size_t& count;
    explicit Counted(std::size_t& of) : count(of) { ++count; }
    ~Counted() { --count; }
  };
  const Counted counted(server.clients_);
  std::string client = accepted.peer.is_ip() ? accepted.peer.ip().to_string() : std::string{};
  io::Connection connection(server.loop_, std::move(accepted.socket), std::move(accepted.peer));
  const auto deadline = server.loop_.after(most_time);
  auto reading = read_request(connection, deadline);
  const auto text = co_await std::move(reading);
  if (!text) co_return;
  const auto end = end_of_head(*text);
  auto head = http::parse_request_head(std::string_view(*text).substr(0, end));
  std::string answer;
  if (head) {
    const auto length = static_cast<std::size_t>(head->content_length.value_or(0));
    PageRequest request{*std::move(head), text->substr(end, length), std::move(client)};
    auto answering = server.answer_(std::move(request));
    answer = co_await std::move(answering);
  } else {
    answer = http_answer("400 Bad Request", "text/plain", "This is no request.\n");
  }
  auto writing = connection.write(answer, deadline);
  const auto written = co_await std::move(writing);
  if (!written) co_return;
  auto closing = connection.close(deadline);
  co_await std::move(closing);
}

}  // namespace hikyaku::apps
