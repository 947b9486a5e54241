FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /footprint ./cmd/footprint

# No shell, no package manager, not root; certificates and time zones are in.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /footprint /footprint
USER nonroot:nonroot
ENTRYPOINT ["/footprint"]
CMD ["serve"]
