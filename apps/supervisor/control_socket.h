// The control socket <data>/run/control.sock: commands to a running server. One packet is one request (words), one
// packet is its answer. Only root and the user the services run as are heard (SO_PEERCRED), and no confined process of that user: a
// service that was taken over, or a program that it runs, commands nothing.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "io/descriptor.h"

namespace hikyaku::apps {

struct ControlRequest {
  std::vector<std::string> words;  // "status"; "start", "deliver"; "stop", "imap"; "reload"
};
struct ControlAnswer {
  bool good = false;
  std::string text;  // JSON, or a sentence when not good
};

[[nodiscard]] std::string control_socket_path(const std::string& data_folder);

// ---- the server's side
struct Caller {
  uid_t uid = 0;
  int pid = 0;
  std::string name;
};
// Who is at the other end, or nothing when they may not command this server.
[[nodiscard]] bool may_command(int connection, Caller& caller);
[[nodiscard]] Result<ControlRequest, std::string> receive_request(int connection);
void send_answer(int connection, const ControlAnswer& answer);
// Answers without hearing the request, and closes: the caller can read why, whether or not he had asked already.
void refuse(io::Descriptor connection, const ControlAnswer& why);

// ---- the client's side: asks and waits for the answer. The error is a sentence with its remedy: nobody serves there,
// or the caller may not command.
[[nodiscard]] Result<ControlAnswer, std::string> ask_server(const std::string& data_folder, const ControlRequest& request);

}  // namespace hikyaku::apps
