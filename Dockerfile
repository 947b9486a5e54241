FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /footprint ./cmd/footprint

# One static binary and the certificates: no shell, no package manager, not root. Time zones are inside the binary.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /footprint /footprint
USER 65532:65532
ENTRYPOINT ["/footprint"]
CMD ["serve"]
