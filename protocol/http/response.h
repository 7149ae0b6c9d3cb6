// Response: one HTTP/1.1 answer read from a server (RFC 9112), as the client of a single GET or POST needs it: status, media
// type, body. Pure and bounded: header and body have limits, and what goes beyond them is a failure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::http {

class Response {
 public:
  explicit Response(std::size_t most_body_octets) : most_body_octets_(most_body_octets) {}

  enum class State : std::uint8_t { Reading, Complete, Failed };
  void receive(std::string_view octets);
  // The server's end of the stream: completes a body that nothing else ends, fails every other.
  void ended();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::string& why() const { return why_; }  // of Failed: a sentence
  // Complete only.
  [[nodiscard]] std::uint16_t status() const { return status_; }
  [[nodiscard]] const std::string& media_type() const { return media_type_; }  // "text/plain", without parameters; empty: none given
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  enum class Part : std::uint8_t { StatusLine, Header, Body, ChunkSize, Chunk, ChunkEnd, Trailer };
  bool take_line(std::string_view& line);
  void take_status(std::string_view line);
  void take_field(std::string_view line);
  void begin_body();
  void take_chunk_size(std::string_view line);
  bool take_body();
  bool step();
  void fail(std::string why);

  const std::size_t most_body_octets_;
  State state_ = State::Reading;
  Part part_ = Part::StatusLine;
  std::string pending_;       // received, not read yet; at most a line or a part of the body
  std::size_t at_ = 0;        // of pending_: read so far
  std::size_t header_octets_ = 0;
  std::uint16_t status_ = 0;
  std::optional<std::uint64_t> length_;  // of the body, or what is left of the chunk
  bool chunked_ = false;
  std::string why_, media_type_, body_;
};

}  // namespace hikyaku::http
