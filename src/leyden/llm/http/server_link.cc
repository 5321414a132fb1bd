#include "leyden/llm/http/server_link.h"

#include <utility>

#include "leyden/net/http_proxy.h"
#include "leyden/net/http_url.h"

namespace leyden::llm {

Result<std::unique_ptr<ServerLink>> ServerLink::make(const net::IoThread& thread,
                                                     const HttpModelOptions& options,
                                                     const std::string& url) {
  auto parsed = net::HttpUrl::parse(url);
  if (!parsed) return std::unexpected(parsed.error());
  std::unique_ptr<ServerLink> out(new ServerLink);
  out->label_ = parsed->endpoint.text();
  out->base_ = parsed->target.substr(0, parsed->target.find('?'));
  while (out->base_.ends_with('/')) out->base_.pop_back();
  if (out->base_.ends_with("/v1")) out->base_.resize(out->base_.size() - 3);
  while (out->base_.ends_with('/')) out->base_.pop_back();

  out->fields_ = options.fields;
  if (!options.api_key.empty()) {
    out->fields_.push_back({"Authorization", "Bearer " + options.api_key});
  } else if (auto user = parsed->authorization(); !user.empty()) {
    out->fields_.push_back({"Authorization", std::move(user)});
  }

  net::HttpClientOptions client{.endpoint = parsed->endpoint,
                                .tls = nullptr,
                                .proxy = std::nullopt,
                                .connections_max = options.connections_max,
                                .waiting_max = options.waiting_max};
  if (parsed->tls) {
    auto tls = net::TlsContext::make(options.tls);
    if (!tls) return std::unexpected(tls.error());
    client.tls = *std::move(tls);
  }
  if (options.environment) {
    auto proxy = net::http_proxy_for(parsed->endpoint, parsed->tls, options.environment);
    if (!proxy) return std::unexpected(proxy.error());
    client.proxy = *std::move(proxy);
  }
  auto opened = net::HttpClient::open(thread, std::move(client));
  if (!opened) return std::unexpected(opened.error());
  out->client_ = *std::move(opened);
  return out;
}

Error ServerLink::error(const Error& what) const {
  const bool named = what.message.starts_with(label_ + ":");
  return {what.code,
          fmt::format("the model server at {}{}", named ? "" : label_ + ": ", what.message)};
}

net::HttpRequest ServerLink::get(std::string_view target) const {
  net::HttpRequest out;
  out.target = base_ + std::string(target);
  out.fields = fields_;
  out.keep_alive = keep_alive_;
  return out;
}

net::HttpRequest ServerLink::post(WirePost what) const {
  net::HttpRequest out = get(what.target);
  out.method = "POST";
  out.fields.push_back({"Content-Type", "application/json"});
  out.body = std::move(what.body);
  return out;
}

}  // namespace leyden::llm
