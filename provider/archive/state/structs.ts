/**
 * The types of the fields in Consul's own structs, in the order of their declaration.
 *
 * Collected by reflection over the structs of Consul 1.12.9, 1.13.9 and 1.14.11 (agent/structs, agent/consul/state,
 * agent/consul/fsm), and from agent/structs of one release of each line from 1.8 to 1.22; `ServiceVirtualIP` also from
 * agent/consul/state of 1.22.0, and the feature gates from agent/structs/feature_gate.go before the release of 2.1. The table contains the fields of all
 * these versions. A server skips fields that it does not know. No field changes its type between versions.
 *
 * `[X]` is a list of X, `{X}` a map from strings to X, `{K>X}` a map from K to X. `time` is Go's binary encoding of a time.
 * `packed<X>` is X encoded as bytes. A field with `!` must be present and not empty: either an index of the state store
 * requires it, or Consul dereferences it (tried: a nil among the identities of a token without a hash crashes 1.14.11). `uuid`
 * is a UUID or empty. A field with `?` is a pointer in each version that has it (read in 1.12.9, 1.13.9, 1.14.11 and 1.22.0):
 * Go distinguishes its zero value from nil, and a restore keeps it. A zero or empty value of any other field is one that
 * nobody has set.
 */

// prettier-ignore
export const STRUCTS: Readonly<Record<string, string>> = {
  AccessLogsConfig: "Enabled:bool DisableListenerLogs:bool Type:string Path:string JSONFormat:string TextFormat:string",
  ACLAuthMethod:
    "Name:string! Type:string DisplayName:string Description:string MaxTokenTTL:int TokenLocality:string " +
    "Config:{any} TokenNameFormat:string CreateIndex:uint ModifyIndex:uint",
  ACLBindingRule:
    "ID:uuid! Description:string AuthMethod:string! Selector:string BindType:string BindName:string " +
    "BindVars:ACLTemplatedPolicyVariables? CreateIndex:uint ModifyIndex:uint",
  ACLBootstrap: "AllowBootstrap:bool CreateIndex:uint ModifyIndex:uint",
  ACLNodeIdentity: "NodeName:string Datacenter:string",
  ACLPolicy:
    "ID:uuid! Name:string! Description:string Rules:string Syntax:int Datacenters:[string] Hash:bytes " +
    "CreateIndex:uint ModifyIndex:uint",
  ACLRole:
    "ID:uuid! Name:string! Description:string Policies:[ACLRolePolicyLink!] " +
    "ServiceIdentities:[ACLServiceIdentity] NodeIdentities:[ACLNodeIdentity] Hash:bytes " +
    "TemplatedPolicies:[ACLTemplatedPolicy] CreateIndex:uint ModifyIndex:uint",
  ACLRolePolicyLink: "ID:uuid! Name:string",
  ACLServiceIdentity: "ServiceName:string Datacenters:[string]",
  ACLTemplatedPolicy:
    "TemplateID:string TemplateName:string TemplateVariables:ACLTemplatedPolicyVariables? Datacenters:[string]",
  ACLTemplatedPolicyVariables: "Name:string",
  ACLToken:
    "AccessorID:uuid SecretID:string! Description:string Policies:[ACLTokenPolicyLink!] " +
    "Roles:[ACLTokenRoleLink!] ServiceIdentities:[ACLServiceIdentity!] NodeIdentities:[ACLNodeIdentity!] " +
    "Type:string Rules:string Local:bool AuthMethod:string ExpirationTime:time? ExpirationTTL:int CreateTime:time " +
    "Hash:bytes TemplatedPolicies:[ACLTemplatedPolicy!] Name:string CreateIndex:uint ModifyIndex:uint",
  ACLTokenPolicyLink: "ID:uuid! Name:string",
  ACLTokenRoleLink: "ID:uuid! Name:string",
  APIGatewayConfigEntry:
    "Kind:string Name:string! Listeners:[APIGatewayListener] Status:Status Meta:{string} Hash:uint " +
    "CreateIndex:uint ModifyIndex:uint",
  APIGatewayJWTRequirement: "",
  APIGatewayListener:
    "Name:string Hostname:string Port:int Protocol:string TLS:APIGatewayTLSConfiguration " +
    "Override:APIGatewayPolicy? Default:APIGatewayPolicy? MaxRequestHeadersKB:uint32?",
  APIGatewayPolicy: "JWT:APIGatewayJWTRequirement?",
  APIGatewayTLSConfiguration:
    "Certificates:[ResourceReference] MaxVersion:string MinVersion:string CipherSuites:[string]",
  AutopilotConfig:
    "CleanupDeadServers:bool LastContactThreshold:int MaxTrailingLogs:uint MinQuorum:uint " +
    "ServerStabilizationTime:int RedundancyZoneTag:string DisableUpgradeMigration:bool UpgradeVersionTag:string " +
    "CreateIndex:uint ModifyIndex:uint",
  BoundAPIGatewayConfigEntry:
    "Kind:string Name:string! Listeners:[BoundAPIGatewayListener] Services:{ServiceName>[ResourceReference]} " +
    "Meta:{string} Hash:uint CreateIndex:uint ModifyIndex:uint",
  BoundAPIGatewayListener: "Name:string Routes:[ResourceReference] Certificates:[ResourceReference]",
  CAConfiguration:
    "ClusterID:string Provider:string Config:{any} State:{string} ForceWithoutCrossSigning:bool CreateIndex:uint " +
    "ModifyIndex:uint",
  CAConsulProviderState:
    "ID:string! PrivateKey:string RootCert:string IntermediateCert:string CreateIndex:uint ModifyIndex:uint",
  CARoot:
    "ID:string! Name:string SerialNumber:uint SigningKeyID:string ExternalTrustDomain:string NotBefore:time " +
    "NotAfter:time RootCert:string IntermediateCerts:[string] SigningCert:string SigningKey:string Active:bool " +
    "RotatedOutAt:time PrivateKeyType:string PrivateKeyBits:int CreateIndex:uint ModifyIndex:uint",
  CheckServiceNode: "Node:Node? Service:NodeService? Checks:[HealthCheck]",
  CheckType:
    "CheckID:string Name:string Status:string Notes:string ScriptArgs:[string] HTTP:string H2PING:string " +
    "H2PingUseTLS:bool Header:{[string]} Method:string Body:string DisableRedirects:bool TCP:string UDP:string " +
    "Interval:int AliasNode:string AliasService:string DockerContainerID:string Shell:string GRPC:string " +
    "GRPCUseTLS:bool OSService:string TLSServerName:string TLSSkipVerify:bool Timeout:int TTL:int " +
    "SuccessBeforePassing:int FailuresBeforeWarning:int FailuresBeforeCritical:int ProxyHTTP:string " +
    "ProxyGRPC:string DeregisterCriticalServiceAfter:int OutputMaxSize:int TCPUseTLS:bool",
  ChunkInfo: "OpNum:uint SequenceNum:uint32 NumChunks:uint32 Term:uint Data:bytes",
  ChunkingState: "ChunkMap:{uint>[ChunkInfo]}",
  Condition:
    "Type:string Status:string Reason:string Message:string Resource:ResourceReference? LastTransitionTime:time?",
  ConnectProxyConfig:
    "DestinationServiceName:string DestinationServiceID:string LocalServiceAddress:string LocalServicePort:int " +
    "LocalServiceSocketPath:string Mode:string Config:{any} Upstreams:[Upstream] MeshGateway:MeshGatewayConfig " +
    "Expose:ExposeConfig TransparentProxy:TransparentProxyConfig EnvoyExtensions:[EnvoyExtension] " +
    "AccessLogs:AccessLogsConfig MutualTLSMode:string",
  CookieConfig: "Session:bool TTL:int Path:string",
  Coordinate: "Node:string! Segment:string Partition:string Coord:Vector!",
  DestinationConfig: "Addresses:[string] Port:int",
  DirEntry: "LockIndex:uint Key:string! Flags:uint Value:bytes Session:uuid CreateIndex:uint ModifyIndex:uint",
  EnvoyExtension: "Name:string Required:bool Arguments:{any} ConsulVersion:string EnvoyVersion:string",
  ExportedService: "Name:string Namespace:string Consumers:[ServiceConsumer]",
  ExportedServicesConfigEntry:
    "Name:string! Services:[ExportedService] Hash:uint Meta:{string} CreateIndex:uint ModifyIndex:uint",
  ExposeConfig: "Checks:bool Paths:[ExposePath]",
  ExposePath: "ListenerPort:int Path:string LocalPathPort:int Protocol:string ParsedFromCheck:bool",
  FeatureGatePolicy: "Settings:{FeatureGateSetting} CreateIndex:uint ModifyIndex:uint",
  FeatureGateSetting: "Enabled:bool Source:string",
  FeatureGateSnapshot: "Policy:FeatureGatePolicy? Status:FeatureGateStatus?",
  FeatureGateStatus:
    "PolicyIndex:uint RegistryDigest:string Features:{ResolvedFeatureGate} CreateIndex:uint ModifyIndex:uint",
  FederationState:
    "Datacenter:string! MeshGateways:[CheckServiceNode] UpdatedAt:time PrimaryModifyIndex:uint CreateIndex:uint " +
    "ModifyIndex:uint",
  FederationStateRequest: "Datacenter:string Op:string State:FederationState! Token:string",
  FileSystemCertificateConfigEntry:
    "Kind:string Name:string! Certificate:string PrivateKey:string Meta:{string} Hash:uint CreateIndex:uint " +
    "ModifyIndex:uint",
  FreeVirtualIP: "IP:bytes IsCounter:bool",
  GatewayServiceTLSConfig: "SDS:GatewayTLSSDSConfig?",
  GatewayTLSConfig:
    "Enabled:bool SDS:GatewayTLSSDSConfig? TLSMinVersion:string TLSMaxVersion:string CipherSuites:[string]",
  GatewayTLSSDSConfig: "ClusterName:string CertResource:string",
  HashPolicy: "Field:string FieldValue:string CookieConfig:CookieConfig? SourceIP:bool Terminal:bool",
  HealthCheck:
    "Node:string CheckID:string Name:string Status:string Notes:string Output:string ServiceID:string " +
    "ServiceName:string ServiceTags:[string] Type:string Interval:string Timeout:string ExposedPort:int " +
    "PeerName:string Definition:HealthCheckDefinition CreateIndex:uint ModifyIndex:uint",
  HealthCheckDefinition:
    "HTTP:string TLSServerName:string TLSSkipVerify:bool Header:{[string]} Method:string Body:string " +
    "DisableRedirects:bool TCP:string UDP:string H2PING:string H2PingUseTLS:bool Interval:int OutputMaxSize:uint " +
    "Timeout:int DeregisterCriticalServiceAfter:int ScriptArgs:[string] DockerContainerID:string Shell:string " +
    "GRPC:string GRPCUseTLS:bool AliasNode:string AliasService:string TTL:int OSService:string TCPUseTLS:bool " +
    "SessionName:string",
  HTTPFilters:
    "Headers:[HTTPHeaderFilter] URLRewrite:URLRewrite? RetryFilter:RetryFilter? TimeoutFilter:TimeoutFilter? " +
    "JWT:JWTFilter?",
  HTTPHeaderFilter: "Add:{string} Remove:[string] Set:{string}",
  HTTPHeaderMatch: "Match:string Name:string Value:string",
  HTTPHeaderModifiers: "Add:{string} Set:{string} Remove:[string]",
  HTTPMatch: "Headers:[HTTPHeaderMatch] Method:string Path:HTTPPathMatch Query:[HTTPQueryMatch]",
  HTTPPathMatch: "Match:string Value:string",
  HTTPQueryMatch: "Match:string Name:string Value:string",
  HTTPResponseFilters: "Headers:[HTTPHeaderFilter]",
  HTTPRouteConfigEntry:
    "Kind:string Name:string! Parents:[ResourceReference] Rules:[HTTPRouteRule] Hostnames:[string] Meta:{string} " +
    "Status:Status Hash:uint CreateIndex:uint ModifyIndex:uint",
  HTTPRouteRule: "Filters:HTTPFilters Matches:[HTTPMatch] Services:[HTTPService] ResponseFilters:HTTPResponseFilters",
  HTTPService: "Name:string Weight:int Filters:HTTPFilters ResponseFilters:HTTPResponseFilters",
  IndexEntry: "Key:string! Value:uint",
  IngressGatewayConfigEntry:
    "Kind:string Name:string! TLS:GatewayTLSConfig Listeners:[IngressListener] Defaults:IngressServiceConfig? " +
    "Hash:uint Meta:{string} CreateIndex:uint ModifyIndex:uint",
  IngressListener: "Port:int Protocol:string TLS:GatewayTLSConfig? Services:[IngressService]",
  IngressService:
    "Name:string Hosts:[string] TLS:GatewayServiceTLSConfig? RequestHeaders:HTTPHeaderModifiers? " +
    "ResponseHeaders:HTTPHeaderModifiers? MaxConnections:uint32 MaxPendingRequests:uint32 " +
    "MaxConcurrentRequests:uint32 PassiveHealthCheck:PassiveHealthCheck? Meta:{string}",
  IngressServiceConfig:
    "MaxConnections:uint32 MaxPendingRequests:uint32 MaxConcurrentRequests:uint32 " +
    "PassiveHealthCheck:PassiveHealthCheck?",
  InlineCertificateConfigEntry:
    "Kind:string Name:string! Certificate:string PrivateKey:string Meta:{string} Hash:uint CreateIndex:uint " +
    "ModifyIndex:uint",
  InstanceLevelRateLimits: "RequestsPerSecond:int RequestsMaxBurst:int Routes:[InstanceLevelRouteRateLimits]",
  InstanceLevelRouteRateLimits:
    "PathExact:string PathPrefix:string PathRegex:string RequestsPerSecond:int RequestsMaxBurst:int",
  Intention:
    "ID:uuid! Description:string SourceNS:string SourceName:string DestinationNS:string DestinationName:string " +
    "SourcePartition:string DestinationPartition:string SourcePeer:string SourceType:string Action:string " +
    "Permissions:[IntentionPermission] DefaultAddr:string DefaultPort:int SourceSamenessGroup:string " +
    "JWT:IntentionJWTRequirement? Meta:{string} Precedence:int CreatedAt:time UpdatedAt:time Hash:bytes " +
    "CreateIndex:uint ModifyIndex:uint",
  IntentionHTTPHeaderPermission:
    "Name:string Present:bool Exact:string Prefix:string Suffix:string Regex:string Invert:bool Contains:string " +
    "IgnoreCase:bool",
  IntentionHTTPPermission:
    "PathExact:string PathPrefix:string PathRegex:string Header:[IntentionHTTPHeaderPermission] Methods:[string]",
  IntentionJWTClaimVerification: "Path:[string] Value:string",
  IntentionJWTProvider: "Name:string VerifyClaims:[IntentionJWTClaimVerification]",
  IntentionJWTRequirement: "Providers:[IntentionJWTProvider]",
  IntentionPermission: "Action:string HTTP:IntentionHTTPPermission? JWT:IntentionJWTRequirement?",
  JSONWebKeySet: "Local:LocalJWKS? Remote:RemoteJWKS?",
  JWKSCluster: "DiscoveryType:string TLSCertificates:JWKSTLSCertificate? ConnectTimeout:int",
  JWKSRetryPolicy: "NumRetries:int RetryPolicyBackOff:RetryPolicyBackOff?",
  JWKSTLSCertificate: "CaCertificateProviderInstance:JWKSTLSCertProviderInstance? TrustedCA:JWKSTLSCertTrustedCA?",
  JWKSTLSCertProviderInstance: "InstanceName:string CertificateName:string",
  JWKSTLSCertTrustedCA: "Filename:string EnvironmentVariable:string InlineString:string InlineBytes:bytes",
  JWTCacheConfig: "Size:int",
  JWTFilter: "",
  JWTForwardingConfig: "HeaderName:string PadForwardPayloadHeader:bool",
  JWTLocation: "Header:JWTLocationHeader? QueryParam:JWTLocationQueryParam? Cookie:JWTLocationCookie?",
  JWTLocationCookie: "Name:string",
  JWTLocationHeader: "Name:string ValuePrefix:string Forward:bool",
  JWTLocationQueryParam: "Name:string",
  JWTProviderConfigEntry:
    "Kind:string Name:string! JSONWebKeySet:JSONWebKeySet? Issuer:string Audiences:[string] " +
    "Locations:[JWTLocation] Forwarding:JWTForwardingConfig? ClockSkewSeconds:int CacheConfig:JWTCacheConfig? " +
    "Meta:{string} Hash:uint CreateIndex:uint ModifyIndex:uint",
  LeastRequestConfig: "ChoiceCount:uint32",
  LegacyACL: "ID:string! Name:string Type:string Rules:string CreateIndex:uint ModifyIndex:uint",
  LinkedService: "Name:string CAFile:string CertFile:string KeyFile:string SNI:string DisableAutoHostRewrite:bool",
  LoadBalancer:
    "Policy:string RingHashConfig:RingHashConfig? LeastRequestConfig:LeastRequestConfig? HashPolicies:[HashPolicy]",
  Locality: "Region:string Zone:string",
  LocalJWKS: "JWKS:string Filename:string",
  MeshConfigEntry:
    "TransparentProxy:TransparentProxyMeshConfig TLS:MeshTLSConfig? HTTP:MeshHTTPConfig? Peering:PeeringMeshConfig? " +
    "Hash:uint AllowEnablingPermissiveMutualTLS:bool ValidateClusters:bool Meta:{string} CreateIndex:uint " +
    "ModifyIndex:uint",
  MeshDirectionalHTTPConfig: "RequestNormalization:RequestNormalizationMeshConfig?",
  MeshDirectionalTLSConfig: "TLSMinVersion:string TLSMaxVersion:string CipherSuites:[string]",
  MeshGatewayConfig: "Mode:string",
  MeshHTTPConfig: "SanitizeXForwardedClientCert:bool Incoming:MeshDirectionalHTTPConfig?",
  MeshTLSConfig: "Incoming:MeshDirectionalTLSConfig? Outgoing:MeshDirectionalTLSConfig?",
  Node:
    "ID:string Node:string Address:string Datacenter:string Partition:string PeerName:string " +
    "TaggedAddresses:{string} Locality:Locality? Meta:{string} CreateIndex:uint ModifyIndex:uint",
  NodeService:
    "Kind:string ID:string Service:string Tags:[string] Address:string TaggedAddresses:{ServiceAddress} " +
    "Locality:Locality? Ports:[ServicePort] Meta:{string} Port:int SocketPath:string Weights:Weights? " +
    "EnableTagOverride:bool Proxy:ConnectProxyConfig Connect:ServiceConnect LocallyRegisteredAsSidecar:bool " +
    "PeerName:string CreateIndex:uint ModifyIndex:uint",
  PassiveHealthCheck:
    "Interval:int MaxFailures:uint32 EnforcingConsecutive5xx:uint32? MaxEjectionPercent:uint32? " +
    "BaseEjectionTime:int?",
  PeeringMeshConfig: "PeerThroughMeshGateways:bool",
  PeeringServiceMeta: "SNI:[string] SpiffeID:[string] Protocol:string",
  PreparedQuery:
    "ID:uuid! Name:string Session:uuid Token:string Template:QueryTemplateOptions Service:ServiceQuery " +
    "DNS:QueryDNSOptions CreateIndex:uint ModifyIndex:uint",
  ProxyConfigEntry:
    "Kind:string Name:string! Config:{any} Mode:string TransparentProxy:TransparentProxyConfig " +
    "MeshGateway:MeshGatewayConfig Expose:ExposeConfig Protocol:string AccessLogs:AccessLogsConfig " +
    "EnvoyExtensions:[EnvoyExtension] Hash:uint MutualTLSMode:string " +
    "FailoverPolicy:ServiceResolverFailoverPolicy? PrioritizeByLocality:ServiceResolverPrioritizeByLocality? " +
    "Meta:{string} CreateIndex:uint ModifyIndex:uint",
  QueryDNSOptions: "TTL:string",
  QueryFailoverOptions: "NearestN:int Datacenters:[string] Targets:[QueryFailoverTarget]",
  // 1.13 has PeerName, 1.14 has Peer: here, in ServiceConsumer and in ServiceQuery.
  QueryFailoverTarget: "PeerName:string Peer:string Datacenter:string",
  QueryTemplateOptions: "Type:string Regexp:string RemoveEmptyTags:bool",
  RateLimits: "InstanceLevel:InstanceLevelRateLimits",
  RegisteredCheck:
    "Node:string! CheckID:string! Name:string Status:string Notes:string Output:string ServiceID:string " +
    "ServiceName:string ServiceTags:[string] Type:string Interval:string Timeout:string ExposedPort:int " +
    "PeerName:string Definition:HealthCheckDefinition CreateIndex:uint ModifyIndex:uint",
  RegisterRequest:
    "Datacenter:string ID:uuid Node:string! Address:string TaggedAddresses:{string} NodeMeta:{string} " +
    "Service:NodeService? Check:RegisteredCheck? Checks:[RegisteredCheck!] SkipNodeUpdate:bool PeerName:string " +
    "Token:string Locality:Locality? CreateIndex:uint ModifyIndex:uint",
  RemoteJWKS:
    "URI:string RequestTimeoutMs:int CacheDuration:int FetchAsynchronously:bool RetryPolicy:JWKSRetryPolicy? " +
    "JWKSCluster:JWKSCluster? UseSNI:bool",
  RequestNormalizationMeshConfig:
    "InsecureDisablePathNormalization:bool MergeSlashes:bool PathWithEscapedSlashesAction:string " +
    "HeadersWithUnderscoresAction:string",
  ResolvedFeatureGate: "DesiredEnabled:bool EffectiveEnabled:bool Eligible:bool Source:string Reason:string",
  ResourceReference: "Kind:string Name:string SectionName:string",
  RetryFilter: "NumRetries:uint32 RetryOn:[string] RetryOnStatusCodes:[uint32] RetryOnConnectFailure:bool",
  RetryPolicyBackOff: "BaseInterval:int MaxInterval:int",
  RingHashConfig: "MinimumRingSize:uint MaximumRingSize:uint",
  SamenessGroupConfigEntry:
    "Name:string! DefaultForFailover:bool IncludeLocal:bool Members:[SamenessGroupMember] Meta:{string} " +
    "Hash:uint CreateIndex:uint ModifyIndex:uint",
  SamenessGroupMember: "Partition:string Peer:string",
  ServiceAddress: "Address:string Port:int",
  ServiceCheck: "ID:string! Namespace:string",
  ServiceConfigEntry:
    "Kind:string Name:string! Protocol:string Mode:string TransparentProxy:TransparentProxyConfig " +
    "MeshGateway:MeshGatewayConfig Expose:ExposeConfig ExternalSNI:string UpstreamConfig:UpstreamConfiguration? " +
    "Destination:DestinationConfig? MaxInboundConnections:int LocalConnectTimeoutMs:int LocalRequestTimeoutMs:int " +
    "BalanceInboundConnections:string EnvoyExtensions:[EnvoyExtension] Hash:uint MutualTLSMode:string " +
    "RateLimits:RateLimits? MaxRequestHeadersKB:uint32? Meta:{string} CreateIndex:uint ModifyIndex:uint",
  ServiceConnect: "Native:bool SidecarService:ServiceDefinition? PeerMeta:PeeringServiceMeta?",
  ServiceConsumer: "Partition:string PeerName:string Peer:string SamenessGroup:string",
  ServiceDefinition:
    "Kind:string ID:string Name:string Tags:[string] Address:string TaggedAddresses:{ServiceAddress} " +
    "Locality:Locality? Ports:[ServicePort] Meta:{string} Port:int SocketPath:string Check:CheckType " +
    "Checks:[CheckType] Weights:Weights? Token:string EnableTagOverride:bool Proxy:ConnectProxyConfig? " +
    "Connect:ServiceConnect?",
  ServiceIntentionsConfigEntry:
    "Kind:string Name:string! Sources:[SourceIntention!] Hash:uint JWT:IntentionJWTRequirement? Meta:{string} " +
    "CreateIndex:uint ModifyIndex:uint",
  ServiceName: "Name:string",
  ServicePort: "Name:string Port:int Default:bool",
  ServiceQuery:
    "Service:string Failover:QueryFailoverOptions OnlyPassing:bool IgnoreCheckIDs:[string] Near:string " +
    "Tags:[string] NodeMeta:{string} ServiceMeta:{string} Connect:bool PeerName:string Peer:string " +
    "SamenessGroup:string",
  ServiceResolverConfigEntry:
    "Kind:string Name:string! DefaultSubset:string Subsets:{ServiceResolverSubset} " +
    "Redirect:ServiceResolverRedirect? Failover:{ServiceResolverFailover} ConnectTimeout:int RequestTimeout:int " +
    "LoadBalancer:LoadBalancer? Hash:uint PrioritizeByLocality:ServiceResolverPrioritizeByLocality? Meta:{string} " +
    "CreateIndex:uint ModifyIndex:uint",
  ServiceResolverFailover:
    "Service:string ServiceSubset:string Namespace:string Datacenters:[string] " +
    "Targets:[ServiceResolverFailoverTarget] Policy:ServiceResolverFailoverPolicy? SamenessGroup:string",
  ServiceResolverFailoverPolicy: "Mode:string Regions:[string]",
  ServiceResolverFailoverTarget:
    "Service:string ServiceSubset:string Partition:string Namespace:string Datacenter:string Peer:string",
  ServiceResolverPrioritizeByLocality: "Mode:string",
  ServiceResolverRedirect:
    "Service:string ServiceSubset:string Namespace:string Partition:string Datacenter:string Peer:string " +
    "SamenessGroup:string",
  ServiceResolverSubset: "Filter:string OnlyPassing:bool",
  ServiceRoute: "Match:ServiceRouteMatch? Destination:ServiceRouteDestination?",
  ServiceRouteDestination:
    "Service:string ServiceSubset:string Namespace:string Partition:string PrefixRewrite:string " +
    "RequestTimeout:int IdleTimeout:int NumRetries:uint32 RetryOnConnectFailure:bool RetryOn:[string] " +
    "RetryOnStatusCodes:[uint32] RequestHeaders:HTTPHeaderModifiers? ResponseHeaders:HTTPHeaderModifiers?",
  ServiceRouteHTTPMatch:
    "PathExact:string PathPrefix:string PathRegex:string Header:[ServiceRouteHTTPMatchHeader] " +
    "QueryParam:[ServiceRouteHTTPMatchQueryParam] Methods:[string] CaseInsensitive:bool",
  ServiceRouteHTTPMatchHeader:
    "Name:string Present:bool Exact:string Prefix:string Suffix:string Regex:string Invert:bool",
  ServiceRouteHTTPMatchQueryParam: "Name:string Present:bool Exact:string Regex:string",
  ServiceRouteMatch: "HTTP:ServiceRouteHTTPMatch?",
  ServiceRouterConfigEntry:
    "Kind:string Name:string! Routes:[ServiceRoute] Hash:uint Meta:{string} CreateIndex:uint ModifyIndex:uint",
  ServiceSplit:
    "Weight:float32 Service:string ServiceSubset:string Namespace:string Partition:string " +
    "RequestHeaders:HTTPHeaderModifiers? ResponseHeaders:HTTPHeaderModifiers?",
  ServiceSplitterConfigEntry:
    "Kind:string Name:string! Splits:[ServiceSplit] Hash:uint Meta:{string} CreateIndex:uint ModifyIndex:uint",
  ServiceVirtualIP: "Service:VirtualService! IP:bytes ManualIPs:[string] CreateIndex:uint ModifyIndex:uint",
  Session:
    "ID:string! Name:string Node:string! LockDelay:int Behavior:string TTL:string NodeChecks:[string!] " +
    "ServiceChecks:[ServiceCheck!] Checks:[string!] CreateIndex:uint ModifyIndex:uint",
  SourceIntention:
    "Name:string Action:string Permissions:[IntentionPermission] Precedence:int LegacyID:uuid Type:string " +
    "Description:string LegacyMeta:{string} LegacyCreateTime:time? LegacyUpdateTime:time? Peer:string " +
    "SamenessGroup:string",
  Status: "Conditions:[Condition]",
  SystemMetadataEntry: "Key:string! Value:string CreateIndex:uint ModifyIndex:uint",
  TCPRouteConfigEntry:
    "Kind:string Name:string! Parents:[ResourceReference] Services:[TCPService] Meta:{string} Status:Status " +
    "Hash:uint CreateIndex:uint ModifyIndex:uint",
  TCPService: "Name:string",
  TerminatingGatewayConfigEntry:
    "Kind:string Name:string! Services:[LinkedService] Hash:uint Meta:{string} CreateIndex:uint ModifyIndex:uint",
  TimeoutFilter: "RequestTimeout:int IdleTimeout:int",
  Tombstone: "LockIndex:uint Key:string! Flags:uint Value:bytes Session:string CreateIndex:uint ModifyIndex:uint",
  TransparentProxyConfig: "OutboundListenerPort:int DialedDirectly:bool",
  TransparentProxyMeshConfig: "MeshDestinationsOnly:bool",
  Upstream:
    "DestinationType:string DestinationNamespace:string DestinationPartition:string DestinationPeer:string " +
    "DestinationName:string Datacenter:string LocalBindAddress:string LocalBindPort:int " +
    "LocalBindSocketPath:string LocalBindSocketMode:string Config:{any} MeshGateway:MeshGatewayConfig " +
    "IngressHosts:[string] CentrallyConfigured:bool",
  UpstreamConfig:
    "Name:string EnvoyListenerJSON:string EnvoyClusterJSON:string Protocol:string ConnectTimeoutMs:int " +
    "Limits:UpstreamLimits? PassiveHealthCheck:PassiveHealthCheck? MeshGateway:MeshGatewayConfig " +
    "BalanceOutboundConnections:string Peer:string",
  UpstreamConfiguration: "Overrides:[UpstreamConfig] Defaults:UpstreamConfig?",
  UpstreamLimits: "MaxConnections:int? MaxPendingRequests:int? MaxConcurrentRequests:int?",
  URLRewrite: "Path:string",
  Vector: "Vec:[float] Error:float Adjustment:float Height:float",
  // 1.12 and older write only the name; 1.13 writes it inside ServiceName.
  VirtualService: "ServiceName:VirtualServiceName Peer:string Name:string",
  VirtualServiceName: "Name:string",
  Weights: "Passing:int Warning:int",
};
